-- What the watch needs of tables that its role does not read. Replaced at each upgrade.

-- Settle the answers of the accounts that were counted longest ago: explained by a proof of presence, whoever reported
-- it, and open again when that proof was withdrawn. Returns those accounts, for the caller to count. So many accounts a
-- turn, however many answers wait in the country.
drop function if exists access.settle_unexplained(integer);
create or replace function access.settle_unexplained(at_most integer, at timestamptz) returns setof bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare accounts bigint[];
begin
    accounts := array(select o.professional from access.overdue o order by o.counted limit at_most);
    with moved as (
        update access.unexplained u set explained = case when p.state = 2 then settle_unexplained.at end
        from care.engagement g join access.pair p on p.key = g.pair
        where u.professional = any(accounts) and g.seq = u.seq and p.state in (1, 2)
          and (p.state = 2) <> (u.explained is not null)
        returning u.at, u.declared, u.vendor, u.profession, p.state)
    update access.unexplained_day d set explained = d.explained + m.by
    from (select (moved.at at time zone 'Europe/Paris')::date - date '1970-01-01' as day, moved.declared, moved.vendor,
                 moved.profession, sum(case moved.state when 2 then 1 else -1 end) as by
          from moved group by 1, 2, 3, 4) m
    where (d.day, d.declared, d.vendor, d.profession) = (m.day, m.declared, m.vendor, m.profession);
    return query select unnest(accounts);
end $$;

-- Accounts with evidence worth so much on one device; read by the index of those that the watch looks at closely.
create or replace function access.suspects(worth_from real) returns table (professional bigint, worth real)
    language sql stable as $$
    select l.professional, max(v.worth) from access.evidence v join access.line l on l.id = v.line
    where v.rung > 0 and v.worth >= worth_from group by l.professional
$$;

-- Let go of a live hold or closing. Levels 4 to 12 (policy.ladder.BROAD) need that another member of staff asked for it
-- before, and that her request still waits, by the database's own clock. True when the hold is lifted by this.
drop function if exists access.lift(bigint, bigint, text, text, timestamptz);
create or replace function access.lift(hold bigint, by_staff bigint, by_name text, why text)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare at timestamptz;
begin
    perform from access.ladder h where h.id = hold and h.lifted is null for update;
    at := clock_timestamp();   -- once the hold is had, however long that took
    perform from access.ladder h where h.id = hold and h.lifted is null and h.until > at;
    if not found then
        return false;
    end if;
    if exists (select from access.ladder h where h.id = hold and h.level between 4 and 12) and not exists (
            select from access.release r where r.hold = lift.hold and r.staff <> by_staff and r.until > at) then
        raise exception 'letting go of so many takes two people' using errcode = 'check_violation';
    end if;
    update access.ladder h set lifted = at, lifted_by = by_name, lifted_why = why where h.id = hold;
    delete from access.release r where r.hold = lift.hold;
    return true;
end $$;
