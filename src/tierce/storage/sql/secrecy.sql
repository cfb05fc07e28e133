-- Secrecy of an incident (incidents/secrecy): whoever writes that persons be told later needs another before her; ending it
-- takes one. The times are the database's. Whoever writes or confirms it has her journal line (act 225) in the transaction that does
-- it: nobody is kept from being told by what the journal does not say.

create or replace function incident.insist_secrecy_said(of_incident bigint, by_staff bigint) returns void
    language plpgsql as $$   -- called by the two below alone, in whose search path it is
begin
    if not exists (
        select from journal.entry e
        where e.tx = pg_current_xact_id() and e.kind = 5 and e.professional = by_staff
          and get_byte(e.body, 2) = 225 and journal.u64(e.body, 112) = of_incident
          and e.seq >> 8 = currval('journal.block_no')) then
        raise exception 'no line of this transaction says who keeps persons from being told'
            using errcode = 'check_violation';
    end if;
end $$;

create or replace function incident.ask_secrecy(
    of_incident bigint, until_at timestamptz, reason text, by_staff bigint, by_name text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform incident.insist_secrecy_said(of_incident, by_staff);
    if until_at <= now() or until_at > now() + interval '184 days'
       or not exists (select from incident.incident i where i.id = of_incident and i.dismissed_at is null) then
        return false;
    end if;
    insert into incident.secrecy_ask as a (incident, until, why, staff, name, at)
    values (of_incident, until_at, reason, by_staff, by_name, now())
    on conflict (incident) do update set until = excluded.until, why = excluded.why, staff = excluded.staff,
        name = excluded.name, at = excluded.at
    where a.staff = excluded.staff or a.at < now() - interval '1 day' or a.until <= now();
    return found;
end $$;

create or replace function incident.confirm_secrecy(of_incident bigint, by_staff bigint, by_name text, seen timestamptz)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform incident.insist_secrecy_said(of_incident, by_staff);
    with taken as (
        delete from incident.secrecy_ask a
        where a.incident = of_incident and a.staff <> by_staff and a.at = seen and a.until > now()
          and a.at >= now() - interval '1 day'
        returning a.*)
    insert into incident.secrecy (incident, until, why, "by", at, confirmed_by)
    select t.incident, t.until, t.why, t.name, now(), by_name from taken t
    on conflict (incident) do update set until = excluded.until, why = excluded.why, "by" = excluded."by",
        at = excluded.at, confirmed_by = excluded.confirmed_by, ended_by = null;
    return found;
end $$;

create or replace function incident.end_secrecy(of_incident bigint, by_name text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare dropped boolean;
begin
    delete from incident.secrecy_ask a where a.incident = of_incident;
    dropped := found;
    update incident.secrecy y set until = now(), ended_by = by_name where y.incident = of_incident and y.until > now();
    return dropped or found;
end $$;
