-- The register of breaches (incidents/register) leads, and an incident's own row follows it: since when it is known, and that
-- it proved to be no breach, are written by the row of the register that says so, and by nothing else.

-- Paris day of the first signal as it was when the incident was opened: its reference bears it, and a correction of the
-- signal does not change what letters and notices quote.
create or replace function incident.name_day() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.day := (new.signal_at at time zone 'Europe/Paris')::date;
    return new;
end $$;
create or replace trigger name_day before insert on incident.incident for each row execute function incident.name_day();

-- How many of one list another would not tell of any more: (person, insurer) pairs and accounts that are not on it, or
-- with less data.
create or replace function incident.gone(of_incident bigint, before integer, after integer) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (select count(*) from incident.exposed o
            left join incident.exposed n
                on n.incident = o.incident and n.revision = after and n.person = o.person and n.insurer = o.insurer
            where o.incident = of_incident and o.revision = before
              and (n.person is null or o.categories & ~n.categories <> 0))
         + (select count(*) from incident.exposed_professional o
            left join incident.exposed_professional n
                on n.incident = o.incident and n.revision = after and n.professional = o.professional
            where o.incident = of_incident and o.revision = before
              and (n.professional is null or o.categories & ~n.categories <> 0))
$$;

-- The newest list but for those that were made again by themselves since, and have the same people, accounts and data.
create or replace function incident.last_changed(of_incident bigint) returns integer
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(max(s.revision), 0) from incident.scope s
    where s.incident = of_incident and (
        not exists (select from incident.register r
                    where r.incident = s.incident and r.kind = 13 and r.facts::jsonb @> jsonb_build_object(
                        'stage', 'scoped', 'revision', s.revision, 'changed', 0))
        or exists (select from incident.difference d where (d.incident, d.revision) = (s.incident, s.revision))
        or exists (
            select from (select p.professional, p.categories from incident.exposed_professional p
                         where (p.incident, p.revision) = (s.incident, s.revision)) n
            full join (select p.professional, p.categories from incident.exposed_professional p
                       where (p.incident, p.revision) = (s.incident, s.revision - 1)) o using (professional)
            where n.categories is distinct from o.categories))
$$;

-- That an established breach was none takes everybody off at once: whoever writes so confirms what another wrote within a day,
-- of as many lines of the newest list. Where nobody is on a list, one is enough.
create or replace function incident.dismissed_by_two(of_incident bigint, by_staff bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    fewer bigint;
begin
    if session_user = 'tierce_office' and exists (
        select from incident.incident i where i.id = of_incident and i.aware_at is not null) then
        fewer := incident.gone(of_incident, (select max(s.revision) from incident.scope s where s.incident = of_incident), 0);
        if fewer > 0 and not exists (
            select from incident.smaller_ask a
            where a.incident = of_incident and a.criteria = 'null' and a.gone = fewer and a.staff <> by_staff
              and a.at > now() - interval '1 day') then
            raise exception 'that an established breach was none takes two members of staff'
                using errcode = 'check_violation', constraint = 'dismissed_alone', detail = fewer::text;
        end if;
    end if;
    delete from incident.smaller_ask a where a.incident = of_incident;
end $$;

-- A row is the next of its incident, its digest follows from the one before it, and its journal line is of this very
-- transaction, by whom the row says, and bears that digest. A row that did not follow could not be taken away, and the
-- register would be read no more. Whoever's own row of the incident it changes, it changes in the same breath.
create or replace function incident.follow() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    said jsonb := case when new.kind in (1, 13) then new.facts::jsonb end;
    before record;
    written bigint := (extract(epoch from new.at) * 1000000)::bigint;
    happened timestamptz := timestamptz 'epoch'
        + coalesce(said -> 'happened', said -> 'at')::bigint * interval '1 microsecond';
begin
    perform pg_advisory_xact_lock(hashtextextended('tierce-register', new.incident));
    select coalesce(max(r.number), 0) as number,
        coalesce((array_agg(r.digest order by r.number desc))[1], '') as digest
    into before from incident.register r where r.incident = new.incident;
    if new.number <> before.number + 1
       or new.digest <> sha256(convert_to(
              E'tierce-register-v1\n' || encode(before.digest, 'hex') || E'\n' || new.incident || ' ' || new.number || ' '
              || new.kind || ' ' || written || E'\n' || new."by" || E'\n' || new.facts || E'\n', 'UTF8'))
       or not exists (
           select from journal.entry e
           where e.seq = new.entry and e.tx = pg_current_xact_id()
             and (e.kind = 5 and e.professional = new.staff or e.kind = 21)
             and journal.u64(e.body, 8) = written
             and journal.u64(e.body, 40) = journal.u64(new.digest, 0) >> 1 & 9223372036854775807
             and journal.u64(e.body, 112) = new.incident)
    then
        raise exception 'this row does not follow, or its journal line does not say it' using errcode = 'check_violation';
    end if;
    if new.kind = 1 and said ->> 'moment' = 'signal' and said -> 'insurer' = '0' then
        update incident.incident i set signal_at = happened where i.id = new.incident;
    elsif new.kind = 1 and said ->> 'moment' = 'aware' and said -> 'insurer' = '0'
          or new.kind = 13 and said ->> 'stage' = 'aware' then      -- it is a breach, whatever was written before
        update incident.incident i
        set aware_at = happened, aware_by = new."by", aware_why = said ->> 'why', dismissed_at = null
        where i.id = new.incident;
    elsif new.kind = 13 and said ->> 'stage' = 'not_a_breach' then
        perform incident.dismissed_by_two(new.incident, new.staff);
        update incident.incident i set dismissed_at = new.at where i.id = new.incident;
    end if;
    return new;
end $$;
create or replace trigger follow before insert on incident.register for each row execute function incident.follow();

-- What the office's process adds without a row of the register is gone with its transaction: an incident (which holds what is
-- past its duration) and a list (the newest one is what persons, insurers and letters are told of).
create or replace function incident.is_said() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if session_user = 'tierce_office' and not (
        exists (select from incident.register r where r.incident = new.id and r.number = 1)
        and exists (select from incident.opening o where o.incident = new.id)) then
        raise exception 'no row of the register opens this incident, or on nothing' using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- Of an established breach each list is told of within a minute. One that takes anybody away takes two people: another than
-- whoever writes it asked for exactly that, within a day. Any new list makes what was asked of the one before void. A list that
-- the process made again by itself (its author is an instance) is nobody's confirmation.
create or replace function incident.list_is_said() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    author bigint;
    before integer;
    fewer bigint;
begin
    if session_user <> 'tierce_office' then
        return null;
    end if;
    select r.staff into author from incident.register r
    where r.incident = new.incident and r.kind = 13 and r.facts::jsonb @> jsonb_build_object(
        'stage', 'scoped', 'revision', new.revision, 'digest', encode(new.digest, 'hex'));
    if not found then
        raise exception 'no row of the register says this list' using errcode = 'check_violation';
    end if;
    if (select r.kind from incident.register r where r.incident = new.incident and r.kind in (11, 12)
        order by r.number desc limit 1) = 11 then
        raise exception 'an incident that is closed takes no list' using errcode = 'check_violation';
    end if;
    select max(s.revision) into before from incident.scope s
    where s.incident = new.incident and s.revision < new.revision;
    if new.revision <> coalesce(before, 0) + 1 then    -- one of the greatest number there is would be the last for ever
        raise exception 'a list is the next of its incident' using errcode = 'check_violation';
    end if;
    if before is not null and exists (
        select from incident.incident i where i.id = new.incident and i.aware_at is not null) then
        fewer := incident.gone(new.incident, before, new.revision);
        if fewer > 0 and not exists (
            select from incident.smaller_ask a
            where a.incident = new.incident and a.criteria = new.criteria and a.gone = fewer and a.staff <> author
              and not exists (select from journal.instance i where i.id = author) and a.at > now() - interval '1 day') then
            raise exception 'a list that people are on no more takes two members of staff'
                using errcode = 'check_violation', constraint = 'list_shrinks', detail = fewer::text;
        end if;
    end if;
    delete from incident.smaller_ask a where a.incident = new.incident;
    return null;
end $$;

-- One asks, in the transaction of her own journal line; another's that waits is not replaced. Criteria of `null` ask for no list
-- at all: that it was no breach.
create or replace function incident.ask_smaller(
    of_incident bigint, of_criteria jsonb, fewer bigint, reason text, by_staff bigint, by_name text, line bigint)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (
        select from journal.entry e
        where e.seq = line and e.tx = pg_current_xact_id() and e.kind = 5 and e.professional = by_staff
          and journal.u64(e.body, 112) = of_incident) then
        raise exception 'no line of this transaction says who asks' using errcode = 'check_violation';
    end if;
    insert into incident.smaller_ask as a (incident, criteria, gone, why, staff, name, at, entry)
    values (of_incident, of_criteria, fewer, reason, by_staff, by_name, now(), line)
    on conflict (incident) do update set criteria = excluded.criteria, gone = excluded.gone, why = excluded.why,
        staff = excluded.staff, name = excluded.name, at = excluded.at, entry = excluded.entry
    where a.staff = excluded.staff or a.at <= now() - interval '1 day';
    return found;
end $$;
drop trigger if exists is_said on incident.incident;
create constraint trigger is_said after insert on incident.incident deferrable initially deferred
    for each row execute function incident.is_said();
drop trigger if exists list_is_said on incident.scope;
create constraint trigger list_is_said after insert on incident.scope deferrable initially deferred
    for each row execute function incident.list_is_said();

-- People are added in the transaction that makes a list, and in no other: it has its row. Looked at once a statement, since
-- a list may hold millions.
create or replace function incident.with_a_list() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if session_user = 'tierce_office'
       and not exists (select from incident.scope s where s.xmin = pg_current_xact_id()::xid) then
        raise exception 'no list is made in this transaction' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create or replace trigger with_a_list before insert on incident.exposed execute function incident.with_a_list();
create or replace trigger with_a_list before insert on incident.possible execute function incident.with_a_list();
create or replace trigger with_a_list before insert on incident.exposed_professional
    execute function incident.with_a_list();
create or replace trigger with_a_list before insert on incident.insurer_count execute function incident.with_a_list();

-- To that very list, and before the register says it: what people and insurers were told of stays as they were told.
create or replace function incident.with_its_list() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if session_user = 'tierce_office' and exists (
        select from (select distinct n.incident, n.revision from added n) a
        where not exists (select from incident.scope s where s.incident = a.incident and s.revision = a.revision
                          and s.xmin = pg_current_xact_id()::xid)
           or exists (select from incident.register r where r.incident = a.incident and r.kind = 13
                      and r.facts::jsonb @> jsonb_build_object('stage', 'scoped', 'revision', a.revision))) then
        raise exception 'no such list is being made in this transaction' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create or replace trigger with_its_list after insert on incident.exposed referencing new table as added
    execute function incident.with_its_list();
create or replace trigger with_its_list after insert on incident.possible referencing new table as added
    execute function incident.with_its_list();
create or replace trigger with_its_list after insert on incident.exposed_professional referencing new table as added
    execute function incident.with_its_list();
create or replace trigger with_its_list after insert on incident.insurer_count referencing new table as added
    execute function incident.with_its_list();
create or replace trigger with_its_list after insert on incident.cohort referencing new table as added
    execute function incident.with_its_list();
create or replace trigger with_its_list after insert on incident.cohort_controller referencing new table as added
    execute function incident.with_its_list();
create or replace trigger with_its_list after insert on incident.difference referencing new table as added
    execute function incident.with_its_list();

-- An approval has its line too, of this transaction and of whoever approves: two cannot be written where one of them is
-- nowhere in the journal.
create or replace function notice.approved_in_line() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (
        select from journal.entry e join notice.audience a on a.id = new.audience
        where e.seq = new.entry and e.tx = pg_current_xact_id() and e.kind = 5 and e.professional = new.staff
          and get_byte(e.body, 2) = 212 and journal.u64(e.body, 112) = a.incident
          and journal.u64(e.body, 8) = (extract(epoch from new.at) * 1000000)::bigint)
    then
        raise exception 'no line of this transaction says who approves' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create or replace trigger approved_in_line before insert on notice.approval for each row
    execute function notice.approved_in_line();
