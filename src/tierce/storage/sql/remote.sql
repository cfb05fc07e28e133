-- Insurers that keep their people themselves (docs/adr/0108). The gate decides before anybody is asked, and knows nothing of
-- the person; a line is on disk before the call and another one after it, and no transaction is open meanwhile.

-- What a batch reads of asks that an insurer is to answer, by the insurer alone: the person's number if she was ever asked about,
-- whether the insurer is declared and its contract goes on, whether it is closed, whether it has a contract with whoever
-- asks, and the last day of an engagement where it says fewer days than the policy (0: it does not). Told once a batch, of its asks.
create or replace function gate.remote_seen(
    idx uuid[], insurers smallint[], sessions bigint[], domains smallint[], days integer[],
    out persons bigint[], out declared boolean[], out closed boolean[], out contracted boolean[], out untils integer[])
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_once(256, greatest(cardinality(idx), cardinality(insurers), cardinality(sessions), cardinality(domains),
                                           cardinality(days)));
    select coalesce(array_agg(coalesce(p.person, 0) order by a.n), '{}'),
           coalesce(array_agg(exists (select from registry.remote r where r.insurer = a.insurer and r.ended is null)
                              and not exists (select from registry.ending e
                                              where e.insurer = a.insurer and e.resumed is null) order by a.n), '{}'),
           coalesce(array_agg(exists (
               select from access.ladder h where h.level = 8 and h.subject = a.insurer and h.rung >= 4
                 and h.lifted is null and h.until > now()) order by a.n), '{}'),
           coalesce(array_agg(i.listed_domains & (1 << (a.domain - 1)) = 0 or exists (
               select from registry.convention o
               where o.insurer = i.id and o.domain = a.domain
                 and (o.party, o.subject) in ((1, t.profession), (2, t.establishment), (3, s.professional))
                 and a.day between o.from_day and o.until_day) order by a.n), '{}'),
           coalesce(array_agg(coalesce(greatest(a.day, gate.today()) + i.engagement_days, 0) order by a.n), '{}')
    into persons, declared, closed, contracted, untils
    from unnest(idx, insurers, sessions, domains, days) with ordinality a(idx, insurer, session, domain, day, n)
    left join person.asked p on p.insurer = a.insurer and p.idx = a.idx
    left join registry.insurer i on i.id = a.insurer
    left join access.session s on s.id = a.session
    left join directory.activity t on t.id = s.activity;
end $$;

-- Gives a number to whoever an insurer is asked about for the first time (`fresh`), in the transaction that writes the line. Her
-- member number, sealed under that insurer's key and bound to her, is kept as a period of cover of no domain, which ends
-- on the day of the last ask, or of the last engagement: whoever must tell the insurer of an incident finds there whom it is
-- about. What is kept is never replaced: her number is of that member number alone. gate.close writes no line of such an ask about
-- anybody without a number. Two who ask about one person at once meet at the index, and one of them begins again: that tells that
-- she has a number, so it is done once a batch, for its asks.
create or replace function gate.mint(
    idx uuid[], insurers smallint[], persons bigint[], fresh boolean[], sealed bytea[])
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_newest('index');
    perform gate.insist_once(1024, greatest(cardinality(idx), cardinality(insurers), cardinality(persons), cardinality(fresh),
                                            cardinality(sealed)));
    if exists (
            select from unnest(insurers, sealed) m(insurer, sealed)
            where octet_length(m.sealed) not between 64 and 1200 or not exists (
                select from registry.remote r where r.insurer = m.insurer and r.ended is null)) then
        raise exception 'only whom a declared insurer is asked about is given a number' using errcode = 'check_violation';
    end if;
    insert into person.asked (insurer, idx, person)
    select distinct m.insurer, m.idx, m.person from unnest(idx, insurers, persons, fresh) m(idx, insurer, person, fresh)
    where m.fresh order by 1, 2;
    -- A number that the insurer's own index does not know is nobody's to write about, nor is that of a copy in the register.
    if exists (select from unnest(idx, insurers, persons) m(idx, insurer, person)
               where exists (select from person.record r where r.person = m.person)
                  or not exists (select from person.asked p
                                 where (p.insurer, p.idx, p.person) = (m.insurer, m.idx, m.person))) then
        raise exception 'this number is not of whoever is asked about' using errcode = 'check_violation';
    end if;
    insert into coverage.coverage (person, insurer, contract, domains, from_day, until_day, priority, digest, sealed)
    select distinct on (m.person) m.person, m.insurer, 0, 0, gate.today(), gate.today(), 1, ''::bytea, m.sealed
    from unnest(insurers, persons, sealed) m(insurer, person, sealed)
    where not exists (select from coverage.coverage c where c.person = m.person and c.insurer = m.insurer);
    update coverage.coverage c set until_day = gate.today() from unnest(insurers, persons) m(insurer, person)
    where c.person = m.person and c.insurer = m.insurer and c.until_day < gate.today();
end $$;

-- What gate.close does of lines that say that an insurer is about to be asked: each about somebody who has a number with that very
-- insurer. Called by gate.close alone, in whose search path it is.
create or replace function gate.keep_asking(
    this_block bigint, bodies bytea[], e_pairs bigint[], e_untils integer[], e_days integer[], e_labels text[],
    e_hints integer[]) returns void language plpgsql as $$
declare kept integer;
begin
    insert into care.asking (seq, pair, until_day, care_day, label, hint)
    select this_block * 256 + a.n - 1, a.pair, a.until, a.day, a.label, a.hint
    from unnest(bodies, e_pairs, e_untils, e_days, e_labels, e_hints) with ordinality
         a(body, pair, until, day, label, hint, n)
    join person.asked p on p.person = journal.u64(a.body, 80) and p.insurer = journal.u16(a.body, 60)
    join registry.remote r on r.insurer = p.insurer and r.ended is null
    where get_byte(a.body, 1) = 26;
    get diagnostics kept = row_count;
    if kept <> (select count(*) from unnest(bodies) b where get_byte(b, 1) = 26) then
        raise exception 'nobody is asked but a declared insurer, about somebody who has a number there'
            using errcode = 'check_violation';
    end if;
end $$;

-- Writes what came of an ask, once, and commits with its line: the insurer's answer (1), why nothing is shown (2, 3, 11 to 14), or
-- that it did not answer (33). The line says of everything else what the first one said, which an earlier transaction
-- committed, and shows no more than that one let. With an answer, the engagement, and beside it what was answered.
drop function if exists gate.settle_asked(bigint, smallint, bigint, bytea, bytea, integer, integer, smallint, bytea);   -- an earlier shape
create or replace function gate.settle_asked(
    asked bigint, instance_id smallint, in_block bigint, body bytea, signature bytea, of_from integer, of_until integer,
    of_sealed bytea)
    returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    waiting record;
    first bytea;
    told integer := get_byte(body, 4);
    line bigint := in_block * 256;
begin
    perform gate.insist_durable();
    perform gate.insist_drawn(in_block, 0);
    perform journal.writes();   -- before the time of the line is looked at
    if not exists (select from journal.instance where id = instance_id and role = session_user) then
        raise exception 'not an instance of this role' using errcode = 'insufficient_privilege';
    end if;
    delete from care.asking k where k.seq = asked returning k.* into waiting;
    if not found then
        raise exception 'no ask of this number waits for its answer' using errcode = 'no_data_found';
    end if;
    select e.body into first from journal.entry e
    where e.seq = asked and e.kind = 26 and e.tx is distinct from pg_current_xact_id_if_assigned();
    if first is null or octet_length(body) <> 128 or get_byte(body, 0) <> 1
       or get_byte(body, 1) is distinct from (case when told = 1 then 1 else 3 end)
       or not (told in (1, 2, 3, 33) or told between 11 and 14)
       or substring(body from 3 for 2) <> substring(first from 3 for 2)        -- act, lane
       or substring(body from 6 for 3) <> substring(first from 6 for 3)        -- presence, evidence, domain
       or substring(body from 17 for 44) <> substring(first from 17 for 44)    -- who asked, where, with what
       or substring(body from 63 for 26) <> substring(first from 63 for 26)    -- seats, network, person
       or journal.u16(body, 60) not in (0, journal.u16(first, 60))
       or (told = 1 and journal.u16(body, 60) = 0)
       or get_byte(body, 88) + get_byte(body, 89) > 0
       or get_byte(body, 90) & ~get_byte(first, 90) <> 0 or get_byte(body, 91) & ~get_byte(first, 91) <> 0
       or (told = 1 and get_byte(body, 90) + get_byte(body, 91) = 0)
       or (told <> 1 and get_byte(body, 90) + get_byte(body, 91) > 0 and get_byte(body, 5) < 2)
       or substring(body from 93 for 20) <> substring(first from 93 for 20)    -- what is kept empty, policy
       or substring(body from 121 for 8) <> substring(first from 121 for 8)    -- mark
       or abs(journal.u64(body, 8) - extract(epoch from clock_timestamp()) * 1e6) > 120e6 then
        raise exception 'an answer says nothing else than its ask' using errcode = 'check_violation';
    end if;
    insert into journal.batch (block, instance, n, signature) values (in_block, instance_id, 1, signature);
    insert into journal.entry (seq, kind, professional, person, body)
    values (line, get_byte(body, 1), journal.u64(body, 16), journal.u64(body, 80), body);
    if waiting.hint <> 0 then
        insert into access.trace (seq, hint) values (line, waiting.hint);
    end if;
    if told = 1 and of_sealed is not null then
        if not waiting.care_day between of_from and of_until
           or octet_length(of_sealed) not between 64 and 1200 or journal.u64(body, 112) <> of_from + 719163 then
            raise exception 'the period that was answered does not hold the day of care' using errcode = 'check_violation';
        end if;
        insert into care.engagement
            (seq, establishment, professional, person, insurer, domain, pair, until_day, care_day, label, at)
        values (line, journal.u64(body, 24), journal.u64(body, 16), journal.u64(body, 80), journal.u16(body, 60),
                get_byte(body, 7), waiting.pair, waiting.until_day, waiting.care_day, waiting.label, now());
        insert into coverage.answered (seq, person, insurer, from_day, until_day, sealed)
        values (line, journal.u64(body, 80), journal.u16(body, 60), of_from, of_until, of_sealed);
        update coverage.coverage c set until_day = waiting.until_day
        where c.person = journal.u64(body, 80) and c.insurer = journal.u16(body, 60) and c.until_day < waiting.until_day;
    end if;
    return line;
end $$;

-- What a batch reads of answers to be opened again that an insurer gave on the way, by their engagements: whose, its first day, how
-- it stands (as gate.standing_of: 0 no such answer, 1 covered, 2 not contracted, 3 another domain), and whether the insurer is
-- closed. A professional's own place's alone, once a batch, of its asks.
create or replace function gate.answered_seen(
    engagements bigint[], sessions bigint[], of_domains smallint[],
    out insurers smallint[], out from_days integer[], out standings smallint[], out closed boolean[])
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_once(512, greatest(cardinality(engagements), cardinality(sessions), cardinality(of_domains)));
    select array_agg(coalesce(w.insurer, 0)::smallint order by a.n), array_agg(coalesce(w.from_day, 0) order by a.n),
           array_agg(case when w.seq is null then 0 when g.domain <> a.domain then 3
                          when i.listed_domains & (1 << (g.domain - 1)) = 0 or exists (
                              select from registry.convention o
                              where o.insurer = i.id and o.domain = g.domain
                                and (o.party, o.subject) in ((1, t.profession), (2, t.establishment), (3, s.professional))
                                and g.care_day between o.from_day and o.until_day) then 1 else 2 end::smallint order by a.n),
           array_agg(exists (
               select from access.ladder h where h.level = 8 and h.subject = w.insurer and h.rung >= 4
                 and h.lifted is null and h.until > now()) order by a.n)
    into insurers, from_days, standings, closed
    from unnest(engagements, sessions, of_domains) with ordinality a(engagement, session, domain, n)
    left join access.session s on s.id = a.session and s.revoked is null and s.expires > now()
    left join directory.activity t on t.id = s.activity
    left join care.engagement g on g.seq = a.engagement and g.establishment = t.establishment
    left join coverage.answered w on w.seq = g.seq
    left join registry.insurer i on i.id = w.insurer;
end $$;

-- As gate.reveal, of answers opened again that an insurer gave on the way: what was sealed with their own engagements, given by
-- place in the batch. Each line is of that engagement's place, person, insurer, domain and first day.
create or replace function gate.reveal_answered(engagements bigint[])
    returns table (n integer, insurer smallint, person bigint, from_day integer, until_day integer, sealed bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare this_block bigint := currval('journal.block_no');
begin
    perform gate.insist_durable();
    return query
    select (e.seq & 255)::integer, w.insurer, w.person, w.from_day, w.until_day, w.sealed
    from unnest(engagements) with ordinality a(engagement, n)
    join journal.entry e on e.seq = this_block * 256 + a.n - 1
    join care.engagement g on g.seq = a.engagement and g.establishment = journal.u64(e.body, 24) and g.person = e.person
      and g.insurer = journal.u16(e.body, 60) and g.domain = get_byte(e.body, 7)
    join coverage.answered w on w.seq = g.seq and w.from_day = journal.u64(e.body, 112) - 719163
    where a.n <= 64 and get_byte(e.body, 4) = 1 and get_byte(e.body, 1) = 4
      and e.tx is distinct from pg_current_xact_id_if_assigned()
      and not exists (
          select from access.ladder h
          where h.rung >= 4 and h.lifted is null and h.until > now()
            and (h.level, h.subject) in ((9, 0), (11, get_byte(e.body, 2)), (12, get_byte(e.body, 7)),
                                         (8, w.insurer)));
end $$;

-- Asks whose answer was never written, a minute old or more: whoever asked is gone. One of this role writes for each that it was
-- answered: that says more than happened, never less.
create or replace function gate.unsettled(at_most integer) returns table (seq bigint, body bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.seq, e.body from care.asking k join journal.entry e on e.seq = k.seq
    where k.at < clock_timestamp() - interval '1 minute' order by k.seq limit least(at_most, 64)
$$;

-- What a process that asks saw of an insurer since it last said so.
create or replace function gate.remote_says(
    of_insurer smallint, n_answered bigint, n_failed bigint, how text, away timestamptz) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into registry.remote_day as d (insurer, day, answered, failed)
    values (of_insurer, gate.today(), greatest(0, n_answered), greatest(0, n_failed))
    on conflict (insurer, day) do update set answered = d.answered + excluded.answered, failed = d.failed + excluded.failed;
    insert into registry.remote_state as s (insurer, answered_at, failed_at, failed_how, away_until)
    values (of_insurer, case when n_answered > 0 then now() end, case when n_failed > 0 then now() end,
            case when n_failed > 0 then how end, away)
    on conflict (insurer) do update set
        answered_at = coalesce(excluded.answered_at, s.answered_at), failed_at = coalesce(excluded.failed_at, s.failed_at),
        failed_how = coalesce(excluded.failed_how, s.failed_how), away_until = excluded.away_until;
end $$;

-- Declares that an insurer keeps its people itself: it is one or the other, so not while copies of its people are here; nor
-- without a key under which her member number and what it answers are sealed.
create or replace function registry.declare_remote(
    of_insurer smallint, address text, key bytea, by_whom text, reason text) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare made integer;
begin
    if exists (select from person.record r where r.insurer = of_insurer)
       or exists (select from registry.feed f where f.insurer = of_insurer and f.kind = 'rights' and f.state = 'running') then
        raise exception 'copies of its people are here' using errcode = 'object_not_in_prerequisite_state';
    end if;
    if exists (select from registry.ending e where e.insurer = of_insurer and e.resumed is null) then
        raise exception 'the contract of this insurer has ended' using errcode = 'check_violation';
    end if;
    if not exists (select from registry.insurer_key k where k.insurer = of_insurer and k.compartment = 2) then
        raise exception 'no key of cover of this insurer' using errcode = 'undefined_object';
    end if;
    update registry.remote r set ended = now(), ended_by = by_whom, ended_why = reason
    where r.insurer = of_insurer and r.ended is null;
    insert into registry.remote (insurer, url, public_key, "by", why) values (of_insurer, address, key, by_whom, reason)
    returning id into made;
    return made;
end $$;

-- Asks it no more, from the next ask on; null when it was not asked.
create or replace function registry.end_remote(of_insurer smallint, by_whom text, reason text) returns integer
    language sql strict security definer set search_path = pg_catalog, pg_temp as $$
    update registry.remote r set ended = now(), ended_by = by_whom, ended_why = reason
    where r.insurer = of_insurer and r.ended is null returning r.id
$$;

-- No file of rights begins of an insurer that keeps its people itself.
create or replace function registry.refuse_remote() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if new.kind = 'rights' and exists (
            select from registry.remote r where r.insurer = new.insurer and r.ended is null) then
        raise exception 'this insurer keeps its people itself' using errcode = 'check_violation';
    end if;
    return new;
end $$;
drop trigger if exists feed_of_remote on registry.feed;
create trigger feed_of_remote before insert on registry.feed for each row execute function registry.refuse_remote();
