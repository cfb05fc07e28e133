-- Presence: what each process may do about proofs that a person was there (docs/reference/presence.md).

-- Within the transaction of the asks, after gate.open: 0 the proof stands, 25 it was used before or its key is
-- revoked, 27 no yes of hers is waiting, 28 the software may not declare a reading, 1 its key does not sign for an insurer of whoever was asked for. The last is
-- told only when the card's own digest names that person, so that nobody learns who is insured where. Kinds are those
-- of presence/model.py: 1 card, 2 confirmation, 3 verifier, 4 reading. A proof used twice in one batch stands the first time.
-- Told once a batch, for its asks at most: a transaction that is rolled back leaves the batch's number as a gap (drawing.sql).
create or replace function presence.use(
    kinds smallint[], onces uuid[], signers integer[], idx uuid[], places bigint[]) returns smallint[]
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare told smallint[];
begin
    perform gate.insist_once(128, greatest(cardinality(kinds), cardinality(onces), cardinality(signers), cardinality(idx),
                                           cardinality(places)));
    with claims as (
        select *, row_number() over (partition by once order by n) as nth
        from unnest(kinds, onces, signers, idx, places) with ordinality a(kind, once, signer, idx, place, n)),
    fresh as (
        insert into presence.spent (id, at)
        select once, now() from claims where once is not null and nth = 1 order by once
        on conflict do nothing returning id)
    select array_agg(case
        when c.kind = 2 then case when exists (
            select from presence.answer w where w.person = k.person and w.establishment = c.place and w.yes
              and w.until > now()) then 0 else 27 end
        when c.kind = 4 then case when exists (
            select from presence.certified f join access.client a on a.software = f.software and a.ended is null
            where f.software = c.signer and f.ended is null) then 0 else 28 end
        when c.nth > 1 or not exists (select from fresh f where f.id = c.once) then 25
        when c.kind <> 1 then 0
        when s.id is null or s.revoked is not null then 25
        when not exists (select from person.record r where r.person = k.person and r.insurer = s.insurer) then 1
        else 0 end::smallint order by c.n)
    into told
    from claims c
    left join person.key k on k.idx = c.idx
    left join presence.signer s on s.id = c.signer;
    perform gate.insist_lookup('index');
    return told;
end $$;

-- Whether what a batch says of presence may be said: a declared reading by software that is certified; a person's word that
-- waits for this place; what was verified, at most as often as this very transaction spent a proof (presence.use). What a peer
-- reported comes with no ask. A signature is verified by `api` alone: what is held here is that none is claimed beside.
create or replace function presence.insist_proved(bodies bytea[]) returns void language plpgsql as $$   -- called by gate.close alone
begin
    if exists (select from unnest(bodies) b where get_byte(b, 5) = 3)
       or exists (
            select from unnest(bodies) b where get_byte(b, 5) = 1 and not exists (
                select from access.session s join presence.certified f on f.software = s.software and f.ended is null
                join access.client a on a.software = f.software and a.ended is null
                where s.id = journal.u64(b, 32)))
       or exists (
            select from unnest(bodies) b where get_byte(b, 5) = 2 and journal.u64(b, 80) <> 0 and not exists (
                select from presence.answer w where w.person = journal.u64(b, 80) and w.establishment = journal.u64(b, 24)
                  and w.yes and w.until > now()))
       or (select count(*) from unnest(bodies) b where get_byte(b, 5) = 4)
           > (select count(*) from presence.spent u where u.at = now() and u.xmin = pg_current_xact_id()::xid) then
        raise exception 'a line says of presence what nothing in its batch proves' using errcode = 'check_violation';
    end if;
end $$;

-- Proofs that came with asks whose pair holds a seat: the worker gives the seat back (presence/settling.py). After gate.close, in
-- its transaction: each was spent there, and a line of it says so of that person at that place. They are ours (grade 4); a
-- person's word and a peer's report are written by who heard them.
drop function if exists presence.note(uuid[], bigint[], bigint[], bigint[], smallint[]);
create or replace function presence.note(ids uuid[], pairs bigint[], persons bigint[], places bigint[]) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare block bigint := currval('journal.block_no');
begin
    if cardinality(ids) > (select count(*) from journal.entry e where e.seq between block * 256 and block * 256 + 255
                             and get_byte(e.body, 5) = 4)
       or exists (
            select from unnest(ids, pairs, persons, places) a(id, pair, person, place)
            where not exists (select from presence.spent u
                              where u.id = a.id and u.at = now() and u.xmin = pg_current_xact_id()::xid)
               or not exists (select from journal.entry e where e.seq between block * 256 and block * 256 + 255
                              and e.tx = pg_current_xact_id() and e.person = a.person
                              and get_byte(e.body, 5) = 4 and journal.u64(e.body, 24) = a.place)) then
        raise exception 'a proof is noted with the line that it came by' using errcode = 'check_violation';
    end if;
    insert into presence.proof (id, pair, person, establishment, grade)
    select a.id, a.pair, a.person, a.place, 4 from unnest(ids, pairs, persons, places) a(id, pair, person, place)
    on conflict do nothing;
end $$;

-- The short code of a place, drawn by the caller and kept the first time.
create or replace function presence.place_code(of_place bigint, drawn integer) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into presence.place (code, establishment) values (drawn, of_place) on conflict do nothing;
    select code from presence.place where establishment = of_place
$$;

-- A session of the persons' space counts only once a committed line opens it: whoever holds the role tierce_persons and
-- makes up a session leaves a line for each person. The line is of today, as is what the ceiling counts, and no older than a
-- session's life (identity/rules.py) and what clocks may differ by: neither a hoard of lines nor the line of somebody who
-- came before opens anything. In plpgsql, which keeps its plan.
create or replace function presence.is_open(of_session bigint, of_person bigint) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare since timestamptz := greatest(gate.day_start(), clock_timestamp() - interval '32 minutes');
begin
    return exists (select from journal.entry o
                   where o.person = of_person and o.person <> 0 and o.kind = 14
                     and journal.u64(o.body, 32) = of_session and o.tx is distinct from pg_current_xact_id_if_assigned()
                     and (select b.at from journal.batch b where b.block = o.seq >> 8) >= since);
end $$;

-- What a person may do so many times a day is counted by one transaction of hers after the other, whatever her sessions.
create or replace function presence.one_at_a_time(of_person bigint) returns void language plpgsql as $$
begin
    perform gate.insist_current();
    perform pg_advisory_xact_lock(hashtextextended('tierce-presence', of_person));
end $$;

-- signer: whoever holds a live session, the key of her first insurer that has one, and how many cards she had today;
-- in the transaction of the card's line, which the next count must see.
create or replace function presence.bearer(session_handle bytea)
    returns table (session bigint, person bigint, insurer smallint, signer smallint, made bigint)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select presence.one_at_a_time(s.person) from access.person_session s where s.handle = session_handle;
    select s.id, s.person, coalesce(g.insurer, 0::smallint), coalesce(g.id, 0::smallint),
           (select count(*) from journal.entry e join journal.batch b on b.block = e.seq >> 8
            where e.person = s.person and e.person <> 0 and e.kind = 18
              and b.at >= (now() at time zone 'Europe/Paris')::date::timestamp at time zone 'Europe/Paris')
    from access.person_session s
    left join lateral (
        select k.id, k.insurer from person.record r
        join presence.signer k on k.insurer = r.insurer and k.revoked is null and k.public_key is not null
        where r.person = s.person order by r.insurer, k.id desc limit 1) g on true
    where s.handle = session_handle and s.revoked is null and s.expires > now() and presence.is_open(s.id, s.person)
$$;

create or replace function presence.place_of(of_code integer)
    returns table (establishment bigint, name text, town text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select e.id, e.name, e.town from presence.place p join directory.establishment e on e.id = p.establishment
    where p.code = of_code
$$;

-- Keeps a card under eight digits for as long as it serves, which the policy says and no caller; says whether these digits
-- were free at that place.
drop function if exists presence.say(bigint, integer, text, integer);
create or replace function presence.say(at_place bigint, digits integer, card text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from presence.spoken where until < now();
    insert into presence.spoken (establishment, code, token, until)
    values (at_place, digits, card, now() + make_interval(secs => (select seconds from presence.spoken_life)))
    on conflict do nothing;
    return found;
end $$;

-- api: the card that these digits stand for at the asker's own place.
create or replace function presence.said(at_place bigint, digits integer) returns text
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select token from presence.spoken where establishment = at_place and code = digits and until > now()
$$;

-- persons: asks about her of the last fifteen minutes that nothing proves and that she has not answered, one a place.
create or replace function presence.asked(session_handle bytea)
    returns table (seq bigint, professional bigint, establishment bigint, at_us bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.seq, w.professional, w.establishment, w.at_us from (
        select distinct on (journal.u64(e.body, 24)) e.seq, e.professional,
               journal.u64(e.body, 24) as establishment, journal.u64(e.body, 8) as at_us
        from journal.entry e
        where e.person = gate.person_of(session_handle) and e.person <> 0
          and e.kind in (1, 2, 3) and get_byte(e.body, 5) < 2
          and journal.u64(e.body, 8) > (extract(epoch from now()) - 900) * 1e6
          and not exists (select from presence.answer a where a.person = e.person
                          and a.establishment = journal.u64(e.body, 24) and a.at > now() - interval '15 minutes')
        order by journal.u64(e.body, 24), e.seq desc) w
    order by w.seq desc limit 5
$$;

-- persons: her answer to one of them. 0 kept, 1 not hers, too old or answered already, 2 she said yes six times today.
-- A yes opens her answer at that place for ten minutes and gives back the seat that the ask took, if it took one.
create or replace function presence.answer_ask(session_handle bytea, to_seq bigint, says_yes boolean)
    returns table (refused smallint, establishment bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who bigint;
    asked record;
begin
    select s.person into who from access.person_session s
    where s.handle = session_handle and s.revoked is null and s.expires > now() and presence.is_open(s.id, s.person)
    for update;
    perform presence.one_at_a_time(who);
    select e.professional, journal.u64(e.body, 24) as place, journal.u64(e.body, 32) as session into asked
    from journal.entry e
    where e.seq = to_seq and e.person = who and e.kind in (1, 2, 3)
      and journal.u64(e.body, 8) > (extract(epoch from now()) - 900) * 1e6;
    if asked is null or exists (select from presence.answer a where a.seq = to_seq) then
        return query select 1::smallint, 0::bigint;
        return;
    end if;
    if says_yes and (select count(*) from presence.answer a where a.person = who and a.yes
                     and a.at >= (now() at time zone 'Europe/Paris')::date::timestamp at time zone 'Europe/Paris') >= 6 then
        return query select 2::smallint, 0::bigint;
        return;
    end if;
    insert into presence.answer (seq, person, establishment, professional, line, yes, at, until)
    values (to_seq, who, asked.place, asked.professional,
            (select s.line from access.session s where s.id = asked.session), says_yes, now(),
            now() + interval '10 minutes');
    if says_yes then
        insert into presence.proof (id, pair, person, establishment, grade)
        select gen_random_uuid(), g.pair, who, asked.place, 2
        from care.engagement g join access.pair p on p.key = g.pair and p.state = 1 where g.seq = to_seq;
    end if;
    return query select 0::smallint, asked.place;
end $$;

-- feed: a peer's proof that care was invoiced, which it has not taken back. Kept when the pair is there (somebody asked about that person at that
-- place, at most a month after the care), when the peer may speak of her (an insurer's peer of its own people alone), and
-- the first time: false otherwise, and then the document's number stays unused. What is invoiced in somebody's name is
-- kept for herself to read all the same, whether anybody asked about her or not: it frees no seat and makes nobody known.
create or replace function presence.report(
    of_peer smallint, evidence uuid, of_pair bigint, of_idx uuid, at_place bigint, on_day integer) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into care.billed (id, person, establishment, peer, care_day, asked)
    select evidence, k.person, at_place, q.id, on_day, exists (select from access.pair p where p.key = of_pair)
    from presence.peer q join person.key k on k.idx = of_idx
    where q.id = of_peer and q.revoked is null and on_day <= gate.today()
      and (q.insurer is null or exists (select from person.record r where r.person = k.person and r.insurer = q.insurer))
    on conflict do nothing;
    insert into presence.proof (id, pair, person, establishment, grade, peer, care_day)
    select evidence, p.key, k.person, at_place, 3, q.id, on_day
    from presence.peer q
    join access.pair p on p.key = of_pair and (p.state = 2 or on_day >= p.day - case p.state when 3 then 11 else 31 end)
    join person.key k on k.idx = of_idx
    where q.id = of_peer and q.revoked is null and on_day <= gate.today()
      and (q.insurer is null or exists (select from person.record r where r.person = k.person and r.insurer = q.insurer))
      and not exists (select from care.billed b where b.id = evidence and b.withdrawn is not null)
    on conflict do nothing;
    return found;
end $$;

-- feed: a peer takes one of its own proofs back; one that was not settled yet never will be.
create or replace function presence.take_back(of_peer smallint, evidence uuid) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare gone boolean;
begin
    update care.billed b set withdrawn = now() where b.id = evidence and b.peer = of_peer and b.withdrawn is null;
    gone := found;
    update presence.proof set state = case state when 1 then 4 else 3 end
    where id = evidence and peer = of_peer and state in (1, 2);
    return gone or found;
end $$;

-- worker: tells the lines of seats (access.prove, access.withdraw), each proof in a transaction within: one whose pair
-- changed hands meanwhile waits for the next turn.
create or replace function presence.settle(at_most integer)
    returns table (id uuid, person bigint, establishment bigint, grade smallint, peer boolean, withdrawn boolean)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare one presence.proof;
begin
    if at_most is null then
        raise exception 'how many is not said' using errcode = 'check_violation';   -- no limit would be all of them
    end if;
    for one in select * from presence.proof w where w.state in (1, 3) order by w.at, w.id limit at_most
               for update skip locked loop
        begin
            if one.state = 1 then
                perform access.prove(one.pair, one.id, one.grade);
            else
                perform access.withdraw(one.id);
            end if;
            update presence.proof w set state = one.state + 1 where w.id = one.id;
            return query select one.id, one.person, one.establishment, one.grade, one.peer is not null, one.state = 3;
        exception when serialization_failure or deadlock_detected or lock_not_available then
            null;
        end;
    end loop;
end $$;

-- worker: forgets used cards, answers and settled proofs, each older than so many days, one at least: none is used again, nor
-- counted anew, on the day of its use, were it the one of 25 hours.
create or replace function presence.tidy(cards integer, answers integer, proofs integer) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from presence.spent where at < upkeep.days_before(now(), greatest(cards, 1));
    delete from presence.spoken where until < now();
    delete from presence.answer where at < upkeep.days_before(now(), greatest(answers, 1));
    delete from presence.proof where at < now() - make_interval(days => greatest(proofs, 1)) and state in (2, 4)
$$;
