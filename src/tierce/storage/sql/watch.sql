-- What the watch needs of tables that its role does not read. Replaced at each upgrade.

-- Mark as explained what a proof of presence, whoever reported it, has since settled; returns how many.
create or replace function access.settle_unexplained(at_most integer) returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with due as (
        select u.seq from access.unexplained u
        join care.engagement g on g.seq = u.seq join access.pair p on p.key = g.pair
        where u.explained is null and p.state = 2 order by u.seq desc limit at_most),
    settled as (update access.unexplained u set explained = now() from due where u.seq = due.seq returning 1)
    select count(*) from settled
$$;

-- Let go of a live hold or closing. Levels 4 to 12 (policy.ladder.BROAD) need that another member of staff asked for it
-- before, and that her request still waits. True when the hold is lifted by this.
create or replace function access.lift(hold bigint, by_staff bigint, by_name text, why text, at timestamptz)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from access.ladder h where h.id = hold and h.lifted is null and h.until > at for update;
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
