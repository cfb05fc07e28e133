-- Told at a first look-up (persons/wishes): what she does through the session whose handle she holds, and what `notices`
-- finds to tell her. An address is sealed by the persons' space, which cannot open it again.

create or replace function notice.wish_recipient() returns text
    language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select k.recipient from notice.wish_key k $$;

-- Her own wishes, the newest first.
drop function if exists notice.own_wishes(bytea);   -- an earlier shape did not say how often a code was tried
create or replace function notice.own_wishes(session_handle bytea)
    returns table (id bigint, made timestamptz, begun timestamptz, sent timestamptz, attempts smallint, proved timestamptz,
                   ended timestamptz, ended_why text, told bigint, last_told timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.id, w.made, w.begun, w.sent, w.attempts, w.proved, w.ended, w.ended_why,
        (select count(*) from notice.first_look l where l.wish = w.id and l.how in ('sent', 'known')),
        (select max(l.ended) from notice.first_look l where l.wish = w.id and l.how in ('sent', 'known'))
    from notice.wish w where w.person = gate.person_of(session_handle) and w.person <> 0
    order by w.made desc limit 5
$$;

-- Keeps a wish that waits for its code, in the place of any other that waits: 0 kept, 1 nobody sends, 2 five times today. One
-- whose code did not leave counts for none: it ended a quarter of an hour after it was asked for, at the earliest.
create or replace function notice.ask_wish(
    session_handle bytea, new_id bigint, address bytea, code_digest bytea, mail_token bytea, of_language text)
    returns smallint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    perform gate.insist_current();
    if her = 0 then
        raise exception 'no open session has this handle' using errcode = 'insufficient_privilege';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('tierce-wish', her));
    if notice.wish_recipient() is null then
        return 1;
    end if;
    if (select count(*) from notice.wish w where w.person = her and w.made >= gate.day_start()
        and w.ended_why is distinct from 'unsent') >= 5 then
        return 2;
    end if;
    update notice.wish w set ended = now(), ended_why = 'replaced', sealed = null, code = null
    where w.person = her and w.proved is null and w.ended is null;
    insert into notice.wish (id, person, language, sealed, code, token, made)   -- by the clock, as the day is
    values (new_id, her, of_language, address, code_digest, mail_token, clock_timestamp());
    return 0;
end $$;

-- A code that she typed: 0 proved, 1 not that one, 2 none waits or it came too late, or too many were typed.
create or replace function notice.prove_wish(session_handle bytea, of_wish bigint, code_digest bytea) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    her bigint := gate.person_of(session_handle);
    one notice.wish;
begin
    perform pg_advisory_xact_lock(hashtextextended('tierce-wish', her));
    select * into one from notice.wish w
    where w.id = of_wish and w.person = her and w.proved is null and w.ended is null for update;
    if one.id is null then
        return 2;
    end if;
    if one.made < now() - interval '30 minutes' then
        update notice.wish set ended = now(), ended_why = 'late', sealed = null, code = null where id = of_wish;
        return 2;
    end if;
    if one.code is distinct from code_digest then
        if one.tries >= 4 then
            update notice.wish set tries = tries + 1, ended = now(), ended_why = 'tries', sealed = null, code = null
            where id = of_wish;
            return 2;
        end if;
        update notice.wish set tries = tries + 1 where id = of_wish;
        return 1;
    end if;
    update notice.wish w set ended = now(), ended_why = 'replaced', sealed = null
    where w.person = her and w.proved is not null and w.ended is null;
    update notice.wish set proved = now(), code = null where id = of_wish;
    return 0;
end $$;

-- Ends every wish of hers at once; how many there were.
create or replace function notice.stop_wish(session_handle bytea) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    her bigint := gate.person_of(session_handle);
    gone bigint;
begin
    update notice.wish w set ended = now(), ended_why = 'stopped', sealed = null, code = null
    where w.person = her and her <> 0 and w.ended is null;
    get diagnostics gone = row_count;
    return gone;
end $$;

-- notices: writes down who looked up the rights of somebody who wishes to know, for the first time that the journal's hot
-- lines know of (a year at least), among the leaves not looked at yet; how many leaves that was. Asks alone are told:
-- what waits or is nobody else's business (persons/discretion.py) is no ask of a professional about herself.
create or replace function notice.find_first_looks(at_most integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    after bigint;
    reached bigint;
    taken bigint;
begin
    select leaf into after from notice.look_upto for update;
    with fresh as materialized (select l.idx, l.seq from journal.leaves(after, at_most) l),
    found as (
        insert into notice.first_look (person, professional, wish, seq, token)
        select distinct on (w.person, e.professional) w.person, e.professional, w.id, e.seq,
               substring(uuid_send(gen_random_uuid()) from 1 for 5) || substring(uuid_send(gen_random_uuid()) from 1 for 5)
        from fresh f
        join journal.entry e on e.seq = f.seq
        join notice.wish w on w.person = e.person and w.proved is not null and w.ended is null
        where e.kind in (1, 2, 3) and e.person <> 0
          and journal.u64(e.body, 8) >= extract(epoch from w.proved) * 1e6
          and not exists (select from journal.entry o where o.person = e.person and o.person <> 0
                          and o.professional = e.professional and o.kind in (1, 2, 3, 4) and o.seq < e.seq)
        order by w.person, e.professional, e.seq
        on conflict do nothing)
    select max(f.idx), count(*) into reached, taken from fresh f;
    if taken > 0 then
        update notice.look_upto set leaf = reached;
    end if;
    return taken;
end $$;

-- notices: the sending of one notice begins, unless it was begun, ended or stopped meanwhile; `again` for one in doubt.
create or replace function notice.begin_first_look(of_token bytea, again boolean) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update notice.first_look l set begun = now(), attempts = l.attempts + 1
    where l.token = of_token and l.ended is null and (l.begun is not null) = again
      and exists (select from notice.wish w where w.id = l.wish and w.ended is null);
    return found;
end $$;
