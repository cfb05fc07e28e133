-- Accounts of establishments (billing/bank, docs/adr/0095): who may ask, what is odd, and when one comes into force. Every way
-- into the table is a function here; none gives back what is sealed. The bounds are policy's (policy/accounts.py), tested equal.

-- The establishment that a live session may manage: enrolled there as a manager, or alone there; never as a substitute.
create or replace function bank.managed(of_session bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.establishment from access.session s
    join directory.activity a on a.id = s.activity and a.active and a.substitution is null and a.professional = s.professional
    join directory.enrolment e on e.professional = a.professional and e.establishment = a.establishment and e.status = 2
    where s.id = of_session and s.revoked is null and s.expires > now() and s.assistant is null
      and (e.manager or not exists (
          select from directory.enrolment o where o.establishment = e.establishment and o.id <> e.id and o.status in (2, 3)))
$$;

-- Why a session may not ask for another account now: 0 it may, else billing.bank.model.Stopped.
create or replace function bank.stopped(of_session bigint) returns smallint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case
        when bank.managed(of_session) is null then 1
        when s.created < now() - interval '15 minutes' then 2
        when d.created > now() - interval '14 days' or access.too_new(of_session) then 3
        when access.brings_nobody(of_session) then 4
        when exists (select from bank.account k where k.establishment = bank.managed(of_session) and k.state in (1, 2)) then 5
        when (select count(*) from bank.account k where k.establishment = bank.managed(of_session)
              and k.asked > now() - interval '30 days' and k.origin = 1) >= 5 then 6
        else 0 end::smallint
    from access.session s left join access.device d on d.id = s.device where s.id = of_session
$$;

-- Those who work at an establishment and have an address on file are told of an account there, managers first.
create or replace function bank.tell(of_account bigint, of_what smallint) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into notice.own_mail (token, account, professional, what, email, language)
    select substring(uuid_send(gen_random_uuid()) from 1 for 5) || substring(uuid_send(gen_random_uuid()) from 1 for 5),
           k.id, e.professional, of_what, c.email, c.language
    from bank.account k join directory.enrolment e on e.establishment = k.establishment and e.status = 2
    join directory.contact c on c.professional = e.professional and c.email is not null
    where k.id = of_account order by e.manager desc, e.id limit 50
    on conflict do nothing
$$;

-- api: a professional asks that what is due to her establishment go to another account. Nothing changes before `due`, which
-- is never less than three days away whatever the caller says. 0, or why not (bank.stopped).
create or replace function bank.ask(of_session bigint, new_id bigint, of_sealed bytea, of_copy bytea, of_country text, of_tail text,
    of_holder text, not_before timestamptz) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    place bigint := bank.managed(of_session);
    no smallint;
begin
    perform gate.insist_current();
    perform pg_advisory_xact_lock(hashtextextended('tierce-account', place));
    no := coalesce(bank.stopped(of_session), 1);
    if no <> 0 then
        return no;
    end if;
    insert into bank.account (id, establishment, sealed, copy, country, tail, holder, origin, professional, line, session, due)
    select new_id, place, of_sealed, of_copy, of_country, of_tail, of_holder, 1, s.professional, s.line, s.id,
           greatest(not_before, now() + interval '72 hours')
    from access.session s where s.id = of_session;
    perform bank.tell(new_id, 1::smallint);
    return 0;
end $$;

-- feed: an account that the operator collected itself. 0, 5 one is under way there; an establishment that is not there raises.
create or replace function bank.take(of_establishment bigint, new_id bigint, of_sealed bytea, of_copy bytea, of_country text, of_tail text,
    of_holder text, not_before timestamptz) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('tierce-account', of_establishment));
    if exists (select from bank.account k where k.establishment = of_establishment and k.state in (1, 2)) then
        return 5;
    end if;
    insert into bank.account (id, establishment, sealed, copy, country, tail, holder, origin, due)
    values (new_id, of_establishment, of_sealed, of_copy, of_country, of_tail, of_holder, 2,
            greatest(not_before, now() + interval '72 hours'));
    perform bank.tell(new_id, 1::smallint);
    return 0;
end $$;

-- api: the last accounts of a session's establishment, as anybody who works there may read them.
create or replace function bank.own(of_session bigint)
    returns table (id bigint, country text, tail text, holder text, state smallint, why smallint, said text,
                   asked timestamptz, due timestamptz, since timestamptz, ended timestamptz, own boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.id, k.country, k.tail, k.holder, k.state, k.why, k.said, k.asked, k.due, k.since, k.ended,
           coalesce(k.professional = s.professional, false)
    from access.session s
    join directory.activity a on a.id = s.activity and a.active and gate.today() between a.from_day and a.until_day
    join bank.account k on k.establishment = a.establishment
    where s.id = of_session and s.revoked is null and s.expires > now()
    order by k.state in (1, 2) desc, k.state = 3 desc, k.asked desc limit 8
$$;

-- api: anybody who works there stops the ask under way: taken back by whoever made it, objected to by anybody else. Gives the
-- account and the state it reached; null when none is under way.
create or replace function bank.stop(of_session bigint, out account bigint, out reached smallint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who bigint;
    place bigint;
begin
    select s.professional, a.establishment into who, place
    from access.session s
    join directory.activity a on a.id = s.activity and a.active and gate.today() between a.from_day and a.until_day
    where s.id = of_session and s.revoked is null and s.expires > now() and s.assistant is null;
    perform pg_advisory_xact_lock(hashtextextended('tierce-account', place));
    update bank.account k set ended = now(), stopped_by = who,
        state = case when k.professional = who then 6 else 5 end, why = case when k.professional = who then 0 else 2 end
    where k.establishment = place and k.state in (1, 2)
    returning k.id, k.state into account, reached;
end $$;

-- What is odd about an ask: billing.bank.model.Oddity. Staff read it, and one of these asks for a second of them.
create or replace function bank.oddities(of_account bigint) returns smallint[]
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select array_remove(array[
        case when not exists (select from notice.own_mail t where t.account = k.id and t.what = 1 and t.how in ('sent', 'known'))
             and (k.origin = 1 or exists (select from bank.account f where f.establishment = k.establishment
                                          and f.state in (3, 4))) then 1 end,
        case when exists (select from bank.account o where o.twin = k.twin and o.establishment <> k.establishment) then 2 end,
        case when d.created > k.asked - interval '90 days' then 3 end,
        case when exists (
            select from access.ladder h where (h.level, h.subject) in ((1, g.id), (2, s.device), (3, k.establishment))
            and coalesce(h.lifted, h.until) > k.asked - interval '30 days') then 4 end,
        case when exists (select from directory.enrolment e where e.professional = k.professional
            and e.establishment = k.establishment and e.at > k.asked - interval '90 days') then 5 end,
        case when exists (select from directory.enrolment e join directory.contact c on c.professional = e.professional
            where e.establishment = k.establishment and e.status = 2 and c.at > k.asked - interval '30 days') then 6 end,
        -- Whoever was sent away is told of nothing, and stops nothing; let in again since, she was not there in between.
        case when k.origin = 1 and exists (
            select from directory.enrolment e join directory.past p on p.kind = 4 and p.subject = e.id
            where e.establishment = k.establishment and e.professional <> k.professional
              and p.until_day > (k.asked at time zone 'Europe/Paris' - interval '90 days')::date - date '1970-01-01'
              and ((p.was ->> 'status')::smallint in (3, 4)
                   or e.status in (3, 4) and (p.was ->> 'status')::smallint = 2)) then 7 end
        ]::smallint[], null)
    from bank.account k left join access.session s on s.id = k.session left join access.device d on d.id = s.device
    left join access.login g on g.professional = k.professional
    where k.id = of_account
$$;

-- How many of the staff must confirm an ask: one, who called; none for the first account of an establishment that the operator
-- collected itself; one more where anything is odd.
create or replace function bank.needed(of_account bigint) returns integer
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case when k.origin = 2 and not exists (
               select from bank.account f where f.establishment = k.establishment and f.state in (3, 4)) then 0 else 1 end
        + case when cardinality(bank.oddities(k.id)) > 0 then 1 else 0 end
    from bank.account k where k.id = of_account
$$;

-- Whether a hold on whoever asked, or on the place, or the end of her enrolment, keeps an ask from coming into force.
create or replace function bank.suspended(of_account bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from access.ladder h where h.lifted is null and h.until > now() and h.rung >= 2
                   and (h.level, h.subject) in ((1, g.id), (2, s.device), (3, k.establishment)))
        or coalesce(access.brings_nobody(k.session), false)
        or k.professional is not null and not exists (
            select from directory.enrolment e where e.professional = k.professional
            and e.establishment = k.establishment and e.status = 2)
    from bank.account k left join access.session s on s.id = k.session
    left join access.login g on g.professional = k.professional where k.id = of_account
$$;

-- office: a member of staff confirms, who is told by the process. False when it waits no more, or she did already.
create or replace function bank.confirm(of_account bigint, by_staff bigint, by_name text, of_number smallint, with_whom text,
    of_word text) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from bank.account k where k.id = of_account and k.state = 2 for update;
    if not found then
        return false;
    end if;
    insert into bank.confirmation (account, staff, name, number_from, spoken_with, said)
    values (of_account, by_staff, by_name, of_number, with_whom, of_word) on conflict do nothing;
    return found;
end $$;

-- office: staff refuse an ask. The establishment, or null when it waits no more, or nobody says so. What the table could not hold is
-- refused before: its own refusal would print the row, with what is sealed in it.
create or replace function bank.refuse(of_account bigint, by_name text, of_word text) returns bigint
    language plpgsql strict security definer set search_path = pg_catalog, pg_temp as $$
declare place bigint;
begin
    if length(of_word) not between 1 and 300 or length(by_name) > 100 then
        raise exception 'a word has 1 to 300 characters, a name 100 at most' using errcode = 'check_violation';
    end if;
    update bank.account k set state = 5, why = 1, said = of_word, ended = now(), ended_by = by_name
    where k.id = of_account and k.state in (1, 2) returning k.establishment into place;
    return place;
end $$;

-- billing: it opened what was sealed. Without a keyed number it was not what it said, and is refused. The state reached.
create or replace function bank.examined(of_account bigint, of_twin uuid) returns smallint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    update bank.account k set twin = of_twin, state = case when of_twin is null then 5 else 2 end,
        why = case when of_twin is null then 3 else 0 end, ended = case when of_twin is null then now() end
    where k.id = of_account and k.state = 1 returning k.state
$$;

-- billing: puts an ask in force in the place of the one before, if its day has come, enough of the staff confirmed, and nothing
-- keeps it. Whether it did, and the account that ended.
create or replace function bank.put_in_force(of_account bigint, out done boolean, out replaced bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    k bank.account;
begin
    select * into k from bank.account a where a.id = of_account and a.state = 2 and a.due <= now() for update;
    done := k.id is not null and not bank.suspended(of_account)
        and (select count(*) from bank.confirmation c where c.account = of_account) >= bank.needed(of_account);
    if not done then
        return;
    end if;
    update bank.account o set state = 4, ended = now() where o.establishment = k.establishment and o.state = 3
    returning o.id into replaced;
    update bank.account a set state = 3, since = now() where a.id = of_account;
    perform bank.tell(of_account, 2::smallint);
end $$;
