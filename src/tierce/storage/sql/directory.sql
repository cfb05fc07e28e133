-- The directory's own rules, kept by the database: who may be chosen at sign-in follows from what is listed, enrolled
-- and substituted, and no role writes it. Functions and triggers, replaced at each upgrade.

-- The day a writer works on: today, or the day of the file it loads, set for one transaction alone.
create or replace function directory.day() returns integer language sql stable as $$
    select coalesce(nullif(current_setting('tierce.directory_day', true), '')::integer,
                    (now() at time zone 'Europe/Paris')::date - date '1970-01-01')
$$;

-- An activity may be chosen when the directory lists it, its place is open and the operator has enrolled it; a substitution,
-- which nobody ended, while the same activity of the professional replaced may be chosen too: who stands in for somebody has no
-- more than she has. A profession that the operator does not serve (0) never may. Nor does anybody stand in while the operator
-- suspends her, wherever it is, or where it ended her: a colleague would undo by a substitution what staff decided.
create or replace function directory.settle_activity() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then   -- whoever suspends one of them now waits, and finds this row; or came before, and is waited for
        perform from directory.enrolment e where e.professional = new.professional order by e.id for share;
        if new.substitution is not null then
            perform from directory.enrolment e join directory.substitution s
                on s.id = new.substitution and e.professional = s.replaces and e.establishment = s.establishment for share of e;
        end if;
    end if;
    if new.substitution is null then
        new.active := new.listed and new.profession <> 0 and exists (
            select from directory.enrolment e
            where e.professional = new.professional and e.establishment = new.establishment and e.status = 2)
          and exists (select from directory.professional p where p.id = new.professional and p.active)
          and exists (select from directory.establishment t where t.id = new.establishment and t.active);
    else
        select s.from_day, least(s.until_day, coalesce(s.ended_day - 1, s.until_day)),
               new.listed and new.profession <> 0
                 and exists (select from directory.professional p where p.id = s.professional and p.active)
                 and not exists (select from directory.enrolment e where e.professional = s.professional
                                 and (e.status = 3 or e.status = 4 and e.establishment = s.establishment))
                 and exists (select from directory.activity o
                             where o.professional = s.replaces and o.establishment = s.establishment
                               and o.profession = s.profession and o.substitution is null and o.active)
        into strict new.from_day, new.until_day, new.active
        from directory.substitution s where s.id = new.substitution;
    end if;
    return new;
end $$;

-- A professional or a place that leaves the directory, an enrolment or a substitution that changes: their activities follow,
-- and those of whoever stands in for somebody follow hers.
create or replace function directory.settle_others() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_table_name = 'enrolment' then
        update directory.activity a set listed = a.listed
        where a.professional = new.professional and (a.establishment = new.establishment or a.substitution is not null);
    elsif tg_table_name = 'substitution' then
        update directory.activity a set listed = a.listed where a.substitution = new.id and a.establishment = new.establishment;
    elsif tg_table_name = 'activity' then
        update directory.activity a set listed = a.listed from directory.substitution s
        where s.replaces = new.professional and s.establishment = new.establishment
          and a.establishment = s.establishment and a.substitution = s.id;
    elsif tg_table_name = 'establishment' then
        update directory.activity a set listed = a.listed where a.establishment = new.id and a.substitution is null;
    else
        update directory.activity a set listed = a.listed
        where a.professional = new.id;
    end if;
    return null;
end $$;

-- The row as it was, when something in it changed; what is only derived or counted does not make a step of history.
create or replace function directory.keep_past() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    today integer := directory.day();
    kind smallint := tg_argv[0]::smallint;
begin
    if to_jsonb(old) - '{since_day,at,place_key}'::text[] = to_jsonb(new) - '{since_day,at,place_key}'::text[] then
        new.since_day := old.since_day;
        return new;
    end if;
    insert into directory.past (kind, subject, from_day, until_day, was)
    values (kind, old.id, old.since_day, greatest(today, old.since_day), to_jsonb(old));
    new.since_day := greatest(today, old.since_day);
    return new;
end $$;
create or replace function directory.first_day() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if new.since_day = 0 then
        new.since_day := directory.day();
    end if;
    return new;
end $$;

-- Triggers fire in the order of their names: an activity is settled before its past is compared.
create or replace trigger a_settle before insert or update on directory.activity
    for each row execute function directory.settle_activity();
create or replace trigger a_settle after insert or update on directory.enrolment
    for each row execute function directory.settle_others();
create or replace trigger a_settle after update on directory.substitution
    for each row execute function directory.settle_others();
create or replace trigger a_settle after update of active on directory.professional
    for each row when (old.active is distinct from new.active) execute function directory.settle_others();
create or replace trigger a_settle after update of active on directory.establishment
    for each row when (old.active is distinct from new.active) execute function directory.settle_others();
create or replace trigger a_settle_others after update on directory.activity
    for each row when (old.active is distinct from new.active and new.substitution is null)
    execute function directory.settle_others();
create or replace trigger b_first before insert on directory.professional
    for each row execute function directory.first_day();
create or replace trigger b_first before insert on directory.establishment
    for each row execute function directory.first_day();
create or replace trigger b_first before insert on directory.activity
    for each row execute function directory.first_day();
create or replace trigger b_first before insert on directory.enrolment
    for each row execute function directory.first_day();
create or replace trigger b_past before update on directory.professional
    for each row execute function directory.keep_past(1);
create or replace trigger b_past before update on directory.establishment
    for each row execute function directory.keep_past(2);
create or replace trigger b_past before update on directory.activity
    for each row execute function directory.keep_past(3);
create or replace trigger b_past before update on directory.enrolment
    for each row execute function directory.keep_past(4);

-- A sign-in through the provider, at a place that directory and provider both vouch for, is an application. It changes
-- nothing that the operator decided: an enrolment suspended or ended stays so.
create or replace function directory.apply(for_professional bigint, at_establishments bigint[]) returns bigint[]
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with made as (
        insert into directory.enrolment (professional, establishment, status, by, reason)
        select distinct a.professional, a.establishment, 1, 'sign-in', ''
        from directory.activity a
        where a.professional = for_professional and a.establishment = any(at_establishments)
          and a.listed and a.profession <> 0 and a.substitution is null
        order by a.establishment limit 20
        on conflict (professional, establishment) do nothing
        returning establishment)
    select coalesce(array_agg(establishment), '{}') from made
$$;

-- Whether a session may bring nobody else in: its login or device is held, or a part that it belongs to is down to proofs of
-- presence (policy/ladder.py). Who stole one account does not make another of it while it is stopped.
create or replace function access.brings_nobody(of_session bigint) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return exists (select from access.session s where s.id = of_session and s.assistant is not null) or exists (
        select from access.session s
        left join directory.activity t on t.id = s.activity
        left join directory.establishment e on e.id = t.establishment
        left join directory.software o on o.id = s.software
        join access.ladder h on h.lifted is null and h.until > now() and (
            h.rung >= 2 and (h.level, h.subject) in ((1, s.login), (2, s.device))
            or h.rung >= 3 and (h.level, h.subject) in (
                (3, t.establishment), (4, t.profession), (5, s.software), (6, o.vendor),
                (7, directory.cell_of(e.finess, t.profession)), (9, 0), (10, s.site)))
        where s.id = of_session);
end $$;

-- A manager enrols a colleague of her own establishment: her live session must be bound to an activity there, and her
-- own enrolment must be in force and a manager's. Nobody is made a manager this way. Returns whether it was done.
create or replace function directory.enrol_by_manager(by_session bigint, colleague bigint, why text)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare place bigint; leader bigint; agreed text; changed integer;
begin
    select a.establishment, a.professional, e.contract into place, leader, agreed
    from access.session s
    join directory.activity a on a.id = s.activity and a.active and a.substitution is null
    join directory.enrolment e on e.professional = a.professional and e.establishment = a.establishment
    where s.id = by_session and s.revoked is null and s.expires > now() and e.status = 2 and e.manager
      and a.professional = s.professional;
    if place is null or colleague = leader or access.brings_nobody(by_session) or access.too_new(by_session) then
        return false;
    end if;
    -- Only somebody who signed in and applied, or never was anything here: what staff suspended or ended stays theirs.
    update directory.enrolment set status = 2, by = 'manager ' || leader, reason = why, contract = agreed, at = now()
    where professional = colleague and establishment = place and status = 1;
    get diagnostics changed = row_count;
    return changed = 1;
end $$;

-- The professional replaced declares her substitute: the session that asks must be hers, live, and on the very activity,
-- which must be a listed one: a substitute names no substitute. The bounds are policy's (policy/enrolment.py), tested equal.
create or replace function directory.declare_substitute(
    by_session bigint, substitute bigint, first_day integer, last_day integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare made bigint; own directory.activity%rowtype; today integer := gate.today();
begin
    perform gate.insist_current();
    select a.* into own from access.session s join directory.activity a on a.id = s.activity
    where s.id = by_session and s.revoked is null and s.expires > now() and a.active and a.substitution is null
      and a.professional = s.professional;
    if own.id is null or substitute = own.professional or first_day < today or last_day < first_day
       or last_day - first_day >= 92 or first_day > today + 180 or access.brings_nobody(by_session) or access.too_new(by_session)
       or not exists (select from directory.professional p join directory.professional r on r.id = own.professional
                      where p.id = substitute and p.active and p.profession = r.profession and p.profession <> 0)
       or exists (select from directory.enrolment e where e.professional = substitute
                  and (e.status = 3 or e.status = 4 and e.establishment = own.establishment)) then
        return null;
    end if;
    perform from directory.professional where id = own.professional for update;
    -- Said again after an answer that was lost, it is the same one: a second would outlive the end of the first.
    select s.id into made from directory.substitution s
    where s.professional = substitute and s.replaces = own.professional and s.establishment = own.establishment
      and s.profession = own.profession and s.from_day = first_day and s.until_day = last_day and s.ended_day is null;
    if made is not null then
        return made;
    end if;
    -- Whoever stood in today counts today, though she was sent away: or a stolen account lets a crowd in, one after the other.
    if (select count(distinct case when s.ended_day is null then -s.id else s.professional end)
        from directory.substitution s
        where s.replaces = own.professional and s.from_day <= last_day and s.until_day >= first_day
          and (s.ended_day is null
               or s.ended_day >= first_day and s.from_day <= today and s.professional <> substitute)) >= 2 then
        return null;
    end if;
    made := directory.open_substitution(substitute, own.professional, own.establishment, own.profession, first_day,
                                        last_day, 'professional ' || own.professional, '');
    -- What holds the login or the device that declared her holds her too: the gate reads it here.
    update directory.substitution t set login = s.login, device = s.device
    from access.session s where t.id = made and s.id = by_session;
    return made;
end $$;

create or replace function directory.open_substitution(
    substitute bigint, replaced bigint, place bigint, as_profession smallint, first_day integer, last_day integer,
    declared_by text, why text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare made bigint;
begin
    insert into directory.substitution (professional, replaces, establishment, profession, from_day, until_day, by, reason)
    values (substitute, replaced, place, as_profession, first_day, last_day, declared_by, why) returning id into made;
    insert into directory.activity (professional, establishment, profession, substitution)
    values (substitute, place, as_profession, made);
    return made;
end $$;

-- Ends a substitution from today on, and its sessions at once: its next ask is refused, and what it deposits later is worth
-- nothing. With a session, only the professional replaced or the substitute may; staff, through their own role, need none.
create or replace function directory.end_substitution(wanted bigint, by_session bigint, ended_through text)
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare changed integer; today integer := gate.today();
begin
    update directory.substitution t set ended_day = greatest(today, t.from_day), ended_by = ended_through
    where t.id = wanted and t.ended_day is null and t.until_day >= today
      and case when by_session is null then session_user <> 'tierce_api' else exists (
          select from access.session s where s.id = by_session and s.revoked is null and s.expires > now()
            and s.activity is not null and s.professional in (t.replaces, t.professional)) end;
    get diagnostics changed = row_count;
    update access.session s set revoked = now(), revoked_why = 'substitution ended' from directory.activity a
    where changed = 1 and a.substitution = wanted and s.professional = a.professional and s.activity = a.id
      and s.revoked is null and s.expires > now();
    return changed = 1;
end $$;

-- An upgrade may bring a rule that is stricter than the one these were settled by.
update directory.activity a set listed = a.listed
where a.active and (a.substitution is not null
                    or exists (select from directory.establishment t where t.id = a.establishment and not t.active));
