-- The gate's three steps and the other doors, as functions whose owner (tierce_owner) cannot log in. They are
-- replaced at each upgrade. What they check holds against a stolen `api` credential: see SECURITY.md.

create or replace function journal.u64(body bytea, place integer) returns bigint
    language sql immutable strict as
$$ select (get_byte(body, place)::bigint << 56) | (get_byte(body, place + 1)::bigint << 48)
       | (get_byte(body, place + 2)::bigint << 40) | (get_byte(body, place + 3)::bigint << 32)
       | (get_byte(body, place + 4)::bigint << 24) | (get_byte(body, place + 5)::bigint << 16)
       | (get_byte(body, place + 6) << 8) | get_byte(body, place + 7) $$;

create or replace function journal.u16(body bytea, place integer) returns integer
    language sql immutable strict as
$$ select (get_byte(body, place) << 8) + get_byte(body, place + 1) $$;

-- The number of an establishment's line for one profession; policy/lines.py computes the same.
create or replace function access.place_of(establishment bigint, profession integer) returns bigint
    language sql immutable strict as $$ select establishment # (profession::bigint << 55) $$;

create or replace function gate.today() returns integer language sql stable as
$$ select (now() at time zone 'Europe/Paris')::date - date '1970-01-01' $$;

-- Refuses to go on when this session gave up durability: a line must be on disk before it is answered for, and on the
-- disk of a standby where the server waits for one. Else true.
drop function if exists gate.insist_durable();   -- an earlier shape told nothing
create or replace function gate.insist_durable() returns boolean language plpgsql as $$
begin
    if current_setting('synchronous_commit') not in ('on', 'remote_apply') then
        raise exception 'journal writes must be durable' using errcode = 'insufficient_privilege';
    end if;
    return true;
end $$;

-- What a person's coverage says of one domain on one day: which insurer's period answers, and how it stands
-- (gate/model.py, Standing: 0 no period, 1 covered, 2 not contracted, 3 domain not covered, 4 future, 5 ended,
-- 6 no other payer). With a card, payer 1 is the card's insurer and payer 2 another; without, the first and the
-- second by priority. Everything is found by key, and as much is read whatever the answer.
drop function if exists gate.standing_of(bigint, integer, integer, integer, integer, bigint, integer, bigint);   -- had no days
create or replace function gate.standing_of(
    of_person bigint, card integer, payer integer, domain integer, day integer,
    establishment bigint, profession integer, professional bigint)
    returns table (insurer integer, from_day integer, until_day integer, standing integer, others boolean,
                   engagement_days integer)
    language sql stable as $$   -- no setting of its own: a body that has one is never put into the query that calls it
    select case when w.standing <> 6 then w.row_[1][1] end, case when w.standing <> 6 then w.row_[1][2] end,
           case when w.standing <> 6 then w.row_[1][3] end,
           case when w.standing = 1 and not (
               i.listed_domains & (1 << (domain - 1)) = 0 or exists (
                   select from registry.convention o
                   where o.insurer = i.id and o.domain = standing_of.domain
                     and (o.party, o.subject) in ((1, profession), (2, establishment), (3, professional))
                     and day between o.from_day and o.until_day)) then 2 else w.standing end,
           w.covering > 1, case when w.standing <> 6 then i.engagement_days end
    from (
        select c.row_, c.covering,
               case when payer = 2 and c.row_[1][4] is distinct from 1 then 6 else coalesce(c.row_[1][4], 0) end as standing
        from (
            select (array_agg(array[r.insurer, r.from_day, r.until_day, r.standing]
                              order by r.standing, r.priority, r.insurer, r.from_day)
                        filter (where card is null or (r.insurer = card) = (payer = 1)))
                       [case when card is null then payer else 1 end:case when card is null then payer else 1 end] as row_,
                   count(*) filter (where r.standing = 1) as covering
            from (
                select v.insurer::integer, v.from_day, v.until_day, v.priority,
                       case when v.from_day > day then 4 when v.until_day < day then 5
                            when v.domains & (1 << (domain - 1)) = 0 then 3 else 1 end as standing
                from coverage.coverage v where v.person = of_person offset 0) r) c
        offset 0) w   -- offset 0: each is worked out once, not wherever it is named
    left join registry.insurer i on i.id = w.row_[1][1]
$$;

-- The département that a FINESS number begins with, as people write it: overseas its third digit comes after a zero.
create or replace function directory.department_of(finess text) returns text
    language sql immutable as $$
    select case when finess ~ '^970[1-6]' then '97' || substr(finess, 4, 1) else left(finess, 2) end
$$;

-- The number of a cell: a profession in one département (policy.ladder.cell_of); 0 when the FINESS begins with none.
-- 971 to 976 have the places of 9A to 9F, by which FINESS names them too.
create or replace function directory.cell_of(finess text, profession integer) returns bigint
    language sql immutable as $$
    select case when finess ~ '^970[1-6]' then (333 + substr(finess, 4, 1)::integer) * 100 + profession
    when left(finess, 2) ~ '^[0-9A-Z]{2}$' then
        (36 * (strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', substr(finess, 1, 1)) - 1)
            + strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', substr(finess, 2, 1)) - 1) * 100 + profession
        else 0 end
$$;

-- 1. open: lock the lines in id order, then read, in a later statement, what the decision needs ---------------
-- The block number is drawn here, outside any rollback: a batch that was opened and abandoned leaves a gap.
drop function if exists gate.open(bigint[], bigint[], uuid[], bigint[], bigint[], uuid[], smallint[], integer[],
    text[], smallint[]);
create or replace function gate.open(
    lines bigint[], sessions bigint[], idx uuid[], pairs bigint[], engagements bigint[],
    proofs uuid[], domains smallint[], care_days integer[], cards text[], payers smallint[],
    out block bigint, out line_ids bigint[], out states bytea[], out owed bytea[], out desks smallint[],
    out cells integer[], out live boolean[], out fresh boolean[],
    out rungs smallint[], out persons bigint[], out insurers smallint[], out untils integer[],
    out pair_keys bigint[], out pair_states smallint[], out pair_days integer[],
    out seen_days integer[], out seen_lines bigint[], out from_days integer[], out standings smallint[],
    out others boolean[], out closed smallint[], out engaged_untils integer[])
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    places bigint[];
    known boolean;
    held boolean;
    today integer := gate.today();
    -- Written out, for an expression with a query in it is planned each time.
    numbered constant bigint[] := '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,'
        '33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64}';
begin
    if cardinality(sessions) > 64 then
        raise exception 'a batch holds at most 64 asks' using errcode = 'check_violation';
    end if;
    block := gate.draw(cardinality(sessions));
    select coalesce(array_agg(l.id), '{}'), coalesce(array_agg(l.state), '{}'), coalesce(array_agg(l.owed), '{}'),
           coalesce(array_agg(l.desks), '{}'), coalesce(array_agg(l.cell), '{}')
    into line_ids, states, owed, desks, cells
    from (select i.id, i.state, i.owed, i.desks, i.cell from access.line i
          where i.id = any(lines) order by i.id for no key update) l;
    if cardinality(line_ids) < cardinality(lines) then
        -- Whose profession changed since sign-in has another line of her place: joined as a sign-in would have.
        perform access.join_lines(s.id)
        from access.session s join directory.activity t on t.id = s.activity
        where s.id = any(sessions) and s.revoked is null and s.expires > now()
          and access.place_of(t.establishment, t.profession) = any(lines)
          and access.place_of(t.establishment, t.profession) <> all(line_ids);
        select coalesce(array_agg(l.id), '{}'), coalesce(array_agg(l.state), '{}'), coalesce(array_agg(l.owed), '{}'),
               coalesce(array_agg(l.desks), '{}'), coalesce(array_agg(l.cell), '{}')
        into line_ids, states, owed, desks, cells
        from (select i.id, i.state, i.owed, i.desks, i.cell from access.line i
              where i.id = any(lines) order by i.id for no key update) l;
    end if;

    with fresh as (
        insert into access.proof (id, at)
        select p, now() from unnest(proofs[1:cardinality(sessions)]) p where p is not null order by p
        on conflict do nothing returning id),
    -- By place, not unnested: each array unnested in a statement costs as much to begin as a table that is read.
    asks as (
        select g.n, sessions[g.i] as session, open.idx[g.i] as idx, pairs[g.i] as pair, engagements[g.i] as engagement,
               proofs[g.i] as proof, domains[g.i] as domain, care_days[g.i] as care_day, cards[g.i] as card,
               payers[g.i] as payer
        from generate_series(1, cardinality(sessions)) with ordinality g(i, n) order by g.n),   -- in order as it is: nothing is sorted
    found as (
        -- Whose profession changed since the session was read is asked about again: her place's line is another.
        select a.*, coalesce(t.active and today between t.from_day and t.until_day
                             and access.place_of(t.establishment, t.profession) = any(lines), false) as is_live,
               s.site, s.login, s.device, s.professional, s.software, t.establishment,
               t.profession, coalesce(k.person, e.person, 0) as person, coalesce(a.pair, e.pair, 0) as pair_key,
               -- An answer opened again is the same insurer's, for the same day of care.
               coalesce(e.insurer, case when a.card is not null then coalesce(i.id, 0) end) as insurer,
               coalesce(e.care_day, a.care_day) as day, coalesce(e.until_day, 0) as engaged_until
        from asks a
        left join access.session s on s.id = a.session and s.revoked is null and s.expires > now()
        left join directory.activity t on t.id = s.activity
        left join person.key k on k.idx = a.idx
        left join registry.insurer i on i.amc = a.card
        left join lateral (select * from care.engagement g where g.seq = a.engagement limit 1) e
             on e.establishment = t.establishment)
    -- One sort for all the columns, in the inner query; an aggregate with an order of its own would each sort again.
    select array_agg(r.n), array_agg(r.is_live), array_agg(r.is_fresh), array_agg(r.person),
           array_agg(r.insurer), array_agg(r.until_day), array_agg(r.pair_key), array_agg(r.pair_state),
           array_agg(r.pair_day), array_agg(r.seen_day), array_agg(r.seen_line), array_agg(r.from_day),
           array_agg(r.standing), array_agg(r.others), array_agg(r.engaged_until),
           exists (select from gate.generation_of('index')),
           exists (select from access.ladder h where h.lifted is null and h.until > now())
    into places, live, open.fresh, persons, insurers, untils, pair_keys, pair_states, pair_days, seen_days,
         seen_lines, from_days, standings, others, engaged_untils, known, held
    from (
        select f.n, f.is_live, f.proof is null or f.proof = any(array(select id from fresh)) as is_fresh,
               f.person, coalesce(c.insurer, 0)::smallint as insurer, coalesce(c.until_day, 0) as until_day,
               f.pair_key, coalesce(p.state, 0)::smallint as pair_state, coalesce(p.day, 0) as pair_day,
               coalesce(p.seen_day, 0) as seen_day, coalesce(p.seen_line, 0) as seen_line,
               coalesce(c.from_day, 0) as from_day, coalesce(c.standing, 0)::smallint as standing,
               coalesce(c.others, false) as others,
               -- Opened again, an answer keeps its day; a first one has its insurer's, where it says fewer than the policy.
               case when f.engaged_until > 0 then f.engaged_until
                    else coalesce(greatest(f.day, today) + c.engagement_days, 0) end as engaged_until
        from found f
        left join access.pair p on p.key = f.pair_key
        left join lateral gate.standing_of(f.person, f.insurer, f.payer, f.domain, f.day, f.establishment,
                                           f.profession, f.professional) c on true
        order by f.n) r;
    -- Each answer belongs to the ask in its place: were the order ever lost, nobody is answered.
    if places is distinct from numbered[1:cardinality(sessions)] then
        raise exception 'answers out of order' using errcode = 'data_exception';
    end if;
    if not known then
        perform gate.refuse_lookup('index');
    end if;

    -- Rungs and closings, in a statement that a batch makes only while somebody or something is held.
    rungs := array_fill(0::smallint, array[cardinality(sessions)]);
    closed := rungs;
    if held then
        select array_agg(r.rung), array_agg(r.closed) into rungs, closed
        from (
            with holds as materialized (
                select h.level, h.subject, max(h.rung) as rung from access.ladder h
                where h.lifted is null and h.until > now() group by h.level, h.subject)
            select coalesce((
                       select max(h.rung) from holds h where (h.level, h.subject) in (
                           -- Who was declared from a session stands where its login and its device stand.
                           (1, s.login), (2, s.device), (1, u.login), (2, u.device),
                           (3, t.establishment), (4, t.profession), (5, s.software),
                           (6, (select o.vendor from directory.software o where o.id = s.software)),
                           (7, (select directory.cell_of(b.finess, t.profession) from directory.establishment b
                                where b.id = t.establishment)), (9, 0), (10, s.site),
                           (11, case when a.engagement is null then 1 else 2 end), (12, a.domain))), 0)::smallint as rung,
                   coalesce(
                       (select max(h.level) from holds h where h.rung >= 4 and (h.level, h.subject) in (
                           (9, 0), (10, s.site), (11, case when a.engagement is null then 1 else 2 end),
                           (12, a.domain))),
                       (select 8 from holds h where h.rung >= 4 and h.level = 8 and h.subject = a.insurer), 0)::smallint
                       as closed
            from unnest(sessions, engagements, domains, insurers)
                 with ordinality a(session, engagement, domain, insurer, n)
            left join access.session s on s.id = a.session and s.revoked is null and s.expires > now()
            left join directory.activity t on t.id = s.activity
            left join directory.substitution u on u.id = t.substitution
            order by a.n) r;
    end if;
end $$;

-- Floors of one batch: what each line drew today, and what this role and the nation released this minute and day.
-- An ask refused without a look at the person counts for nothing: however often a thief goes on, his refusals are
-- written with his neighbours' lines and never make their batch fail. `today` is the transaction's: one that was kept
-- open over midnight counts on the day that the line is in, which never goes back. The caller's state of each line is written by
-- the same statement: a row changed twice in one transaction has its foreign keys checked again.
-- The lease is spent by it too, so that a batch that shows somebody makes as many statements as one that shows nobody.
drop function if exists gate.count_floors(bigint[], bigint[], bigint[], bytea[], integer, bigint[], bytea[], integer);
create or replace function gate.count_floors(
    e_lines bigint[], e_places bigint[], e_pairs bigint[], bodies bytea[], today integer, line_ids bigint[],
    states bytea[], let_out integer) returns boolean
    language plpgsql as $$
declare
    over integer;
    uncounted integer;
    spent integer;
begin
    with drawing as (
        select c.line, states[array_position(line_ids, c.line)] as state,
               count(*) filter (where c.own and a.kind <> 2) as asked,
               count(*) filter (where a.released and not a.is_known) as drawn,
               count(*) filter (where c.own and a.released and a.is_known) as known
        from (select e.line, e.place, get_byte(e.body, 1) as kind, get_byte(e.body, 4) in (1, 32) as released,
                     coalesce(p.state in (1, 2), false) or get_byte(e.body, 5) >= 2 as is_known
              from (select e_lines[g.i] as line, e_places[g.i] as place, e_pairs[g.i] as pair, bodies[g.i] as body
                    from generate_series(1, cardinality(bodies)) g(i) offset 0) e
              left join access.pair p on p.key = e.pair) a
        cross join lateral (values (a.line, true), (a.place, false)) c(line, own) group by c.line),
    counted as (
        update access.line l set
            state = coalesce(b.state, l.state),
            owed = case when b.state is null then l.owed end,
            floor_day = greatest(l.floor_day, today),
            asked = case when l.floor_day >= today then l.asked else 0 end + b.asked,
            drawn = case when l.floor_day >= today then l.drawn else 0 end + b.drawn,
            known = case when l.floor_day >= today then l.known else 0 end + b.known
        from drawing b
        where l.id = b.line
        returning l.profession, l.establishment is null as own, l.asked, l.drawn, l.known, b.drawn + b.known as shown),
    spending as (
        update gate.leased m set left_minute = m.left_minute - let_out, left_day = m.left_day - let_out
        where let_out > 0 and m.role = session_user and m.pid = pg_backend_pid()
          and m.minute >= gate.this_minute() and m.day >= gate.this_day()
          and m.left_minute >= let_out and m.left_day >= let_out returning true)
    select count(*) filter (where f.profession is null or c.asked > f.asked or c.known > f.known
                                  or c.drawn > case when c.own then f.drawn else f.place end),
           -- Nobody is shown on a line that is not there to count it.
           (select coalesce(sum(b.drawn + b.known), 0) from drawing b) - coalesce(sum(c.shown), 0),
           (select count(*) from spending)
    into over, uncounted, spent
    from counted c left join gate.floor f on f.profession = c.profession;
    if over > 0 or uncounted > 0 then
        raise exception 'a line is past the floor of its profession' using errcode = 'check_violation';
    end if;
    if let_out > 0 and spent = 0 then
        raise exception 'the ceiling of this minute or day is reached, or nothing was leased from it'
            using errcode = 'check_violation', constraint = 'lease';
    end if;
    return true;
end $$;

-- A lease: people drawn from the ceilings for the present connection, which spends them in its own row ------------
-- The ceilings' rows are locked here alone, in a transaction of its own, never while a batch is under way. What a
-- connection does not spend in its minute is lost for that minute, what it has not spent when it closes for the day:
-- fewer are served than the ceiling allows, never one more. Clocks are read once the rows are locked, and a period
-- never goes back: a clock that is put back, or a turn that waited, opens no second minute.
create or replace function gate.this_minute() returns bigint language sql volatile as
$$ select floor(extract(epoch from clock_timestamp()) / 60)::bigint $$;

create or replace function gate.this_day() returns integer language sql volatile as
$$ select (clock_timestamp() at time zone 'Europe/Paris')::date - date '1970-01-01' $$;

create or replace function gate.lease() returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    scopes text[] := array['instance ' || session_user, 'nation'];
    mine gate.leased;
    at_minute bigint;
    at_day integer;
    more_minute integer;
    more_day integer;
begin
    insert into gate.pool (scope) select s from unnest(scopes) s order by s on conflict do nothing;
    perform from gate.pool where scope = any(scopes) order by scope for update;
    select greatest(gate.this_minute(), max(p.minute)), greatest(gate.this_day(), max(p.day))
    into at_minute, at_day from gate.pool p where p.scope = any(scopes);
    insert into gate.leased (role, pid) values (session_user, pg_backend_pid()) on conflict do nothing;
    update gate.leased set
        left_minute = case when minute = at_minute then left_minute else 0 end,
        left_day = case when day = at_day then left_day else 0 end,
        minute = at_minute, day = at_day
    where role = session_user and pid = pg_backend_pid() returning * into mine;
    -- A block is a thirty-second of the ceiling of a minute, one batch at least, sixteen at most.
    select greatest(0, min(least(
               greatest(64, least(1024, c.per_minute / 32)) - mine.left_minute,
               c.per_minute - case when p.minute = at_minute then p.in_minute else 0 end))),
           greatest(0, min(least(
               greatest(64, least(1024, c.per_minute / 32)) - mine.left_day,
               c.per_day - case when p.day = at_day then p.in_day else 0 end)))
    into more_minute, more_day
    from gate.ceiling c join gate.pool p on p.scope = any(scopes) and split_part(p.scope, ' ', 1) = c.scope;
    if more_minute is null then
        raise exception 'no ceiling is set' using errcode = 'check_violation';
    end if;
    update gate.pool p set
        in_minute = case when p.minute = at_minute then p.in_minute else 0 end + more_minute, minute = at_minute,
        in_day = case when p.day = at_day then p.in_day else 0 end + more_day, day = at_day
    where p.scope = any(scopes);
    update gate.leased set left_minute = left_minute + more_minute, left_day = left_day + more_day
    where role = session_user and pid = pg_backend_pid()
    returning least(left_minute, left_day) into more_minute;
    delete from gate.leased l where l.day < at_day and l.role = session_user;   -- of connections long gone
    return more_minute;
end $$;

-- The lines to be written, with whom they name by the session that they came by; `wrong` where a line names another identity
-- than its session's, or nobody will be able to read it: a code that no reader knows would hide a release from scope. Put
-- into the query of gate.close, which raises when one is. The session is looked up by the number in the line.
drop function if exists gate.check_lines(bigint[], bigint[], bytea[]);   -- an earlier shape raised by itself
create or replace function gate.check_lines(e_lines bigint[], e_places bigint[], bodies bytea[])
    returns table (i integer, body bytea, kind integer, told integer, professional bigint, establishment bigint,
                   person bigint, wrong boolean)
    language sql stable as $$
    select r.i, r.body, r.kind, r.told, coalesce(r.professional, 0), coalesce(r.establishment, 0), r.person,
           r.session is null or r.line is null or r.own is distinct from r.line   -- none would be counted nowhere
           -- The place's line is that of today's profession, or of the one with which the session's line was opened.
           or (r.place is distinct from access.place_of(r.establishment, r.profession)
               and r.place is distinct from access.place_of(r.establishment, (
                   select l.profession from access.line l where l.id = r.own)))
           or (r.shown and r.is_over)
           or substring(r.body from 17 for 32) is distinct from int8send(r.professional)
                  || int8send(r.establishment) || int8send(r.session) || int8send(r.device)
           or get_byte(r.body, 0) <> 1 or r.kind <> all('{1,2,3,4,26}')
           or (r.kind in (1, 4)) <> (r.told = 1) or (r.kind = 26) <> (r.told = 32)
           or get_byte(r.body, 2) not in (1, 2) or get_byte(r.body, 3) not in (1, 2)
           or r.told <> all('{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,25,26,27,28,30,31,32}')
           or get_byte(r.body, 5) > 4 or get_byte(r.body, 6) > 2 or get_byte(r.body, 7) not between 1 and 12
           or substring(r.body from 89 for 2) <> '\x0000' or get_byte(r.body, 90) > 15
           or (r.shown and (r.person = 0 or substring(r.body from 91 for 2) = '\x0000'))
           or substring(r.body from 93 for 4) <> '\x00000000'
           -- Compared as bytes, whose order is theirs in any year after 1970.
           or substring(r.body from 9 for 8) not between int8send((r.now_us - 120e6)::bigint) and int8send((r.now_us + 120e6)::bigint)
    from (
        select a.*, a.told in (1, 32) as shown, date_part('epoch', clock_timestamp()) * 1e6 as now_us, s.id as session, s.line as own, s.device, s.professional, t.establishment,
               t.profession, s.revoked is not null or s.expires <= now()
                   or not coalesce(t.active and gate.today() between t.from_day and t.until_day, false) as is_over
        from (
            select g.i, e_lines[g.i] as line, e_places[g.i] as place, bodies[g.i] as body, get_byte(bodies[g.i], 1) as kind,
                   get_byte(bodies[g.i], 4) as told, journal.u64(bodies[g.i], 32) as named, journal.u64(bodies[g.i], 80) as person
            from generate_series(1, cardinality(bodies)) g(i) offset 0) a   -- each is read once, not wherever it is named
        left join access.session s on s.id = a.named
        left join directory.activity t on t.id = s.activity offset 0) r
$$;

-- Whether what is remembered of a pair stands against what an ask says of it: the same said again, or a proof of presence
-- that came between open and close, which a seat does not replace for two years.
create or replace function access.stands(was smallint, since integer, becomes smallint, day integer) returns boolean
    language sql immutable as $$
    select (since = day and was = becomes) or (was = 2 and becomes in (1, 3) and day - since <= 730)
$$;

-- 2. close: state, pairs, engagements and journal lines, in the transaction of open ----------------------------
-- An earlier shape: grants by name need one only.
drop function if exists gate.close(smallint, bytea, bigint[], bytea[], bigint[], smallint[], integer[], bigint[],
    integer[], bigint[], bigint[], bigint[], integer[], integer[], text[], bytea[]);
create or replace function gate.close(
    instance_id smallint, signature bytea, line_ids bigint[], states bytea[],
    p_keys bigint[], p_states smallint[], p_days integer[], p_lines bigint[], p_seen integer[], p_seen_lines bigint[],
    p_places bigint[], p_software integer[], p_vendors integer[],
    e_lines bigint[], e_places bigint[], e_pairs bigint[], e_untils integer[], e_days integer[], e_labels text[],
    bodies bytea[], e_hints integer[])
    returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    this_block bigint := currval('journal.block_no');
    -- Assigned, for a statement made of one call alone is begun like any other.
    sure boolean := gate.insist_durable();
    wrong integer;
    let_out integer;
    attested boolean;
    asking boolean;
begin
    if coalesce(cardinality(bodies) not between 1 and 64, true) or cardinality(bodies) is distinct from cardinality(e_lines)
       or array_position(bodies, null) is not null then
        raise exception 'a batch holds 1 to 64 lines' using errcode = 'check_violation';
    end if;
    sure := gate.insist_drawn(this_block, cardinality(bodies));
    sure := journal.writes();   -- before the times of the lines are looked at
    with line as (
        select this_block * 256 + c.i - 1 as seq, c.* from gate.check_lines(e_lines, e_places, bodies) c),
    batch as (
        insert into journal.batch (block, instance, n, signature)
        select this_block, i.id, cardinality(bodies), close.signature
        from journal.instance i where i.id = instance_id and i.role = session_user returning true),
    entry as (
        insert into journal.entry (seq, kind, professional, person, body)
        select l.seq, l.kind, l.professional, l.person, l.body from line l),
    engagement as (
        insert into care.engagement
            (seq, establishment, professional, person, insurer, domain, pair, until_day, care_day, label, at)
        select l.seq, l.establishment, l.professional, l.person, journal.u16(l.body, 60), get_byte(l.body, 7), e_pairs[l.i],
               e_untils[l.i], e_days[l.i], e_labels[l.i], now()
        from line l where l.kind = 1 and l.told = 1),
    trace as (
        insert into access.trace (seq, hint) select l.seq, e_hints[l.i] from line l where e_hints[l.i] <> 0)
    -- Whom an insurer is asked about counts as shown: what it answers is known later.
    select count(*) filter (where l.wrong), count(*) filter (where l.told in (1, 32)), bool_or(get_byte(l.body, 5) > 0),
           bool_or(l.kind = 26), exists (select from batch)
    into wrong, let_out, attested, asking, sure from line l;
    if not sure then
        raise exception 'not an instance of this role' using errcode = 'insufficient_privilege';
    end if;
    if wrong > 0 then
        raise exception 'a journal line does not name its own session, its time is off, or it cannot be read'
            using errcode = 'check_violation';
    end if;
    if attested then
        perform presence.insist_proved(bodies);
    end if;
    -- Counted before the pairs are written, which say who is known.
    sure := gate.count_floors(e_lines, e_places, e_pairs, bodies, gate.today(), line_ids, states, let_out);

    -- A proof that came between open and close stands: an ask only ever says again what it read.
    insert into access.pair as p (key, state, day, line, seen_day, seen_line, place, software, vendor)
    select p_keys[g.i], p_states[g.i], p_days[g.i], p_lines[g.i], p_seen[g.i], p_seen_lines[g.i], p_places[g.i],
           p_software[g.i], p_vendors[g.i]
    from generate_series(1, cardinality(p_keys)) g(i) order by p_keys[g.i]
    on conflict (key) do update set
        state = case when access.stands(p.state, p.day, excluded.state, excluded.day) then p.state else excluded.state end,
        day = case when access.stands(p.state, p.day, excluded.state, excluded.day) then p.day else excluded.day end,
        line = case when access.stands(p.state, p.day, excluded.state, excluded.day) then p.line else excluded.line end,
        place = case when access.stands(p.state, p.day, excluded.state, excluded.day) then p.place else excluded.place end,
        software = case when access.stands(p.state, p.day, excluded.state, excluded.day) then p.software
                        else excluded.software end,
        vendor = case when access.stands(p.state, p.day, excluded.state, excluded.day) then p.vendor
                      else excluded.vendor end,
        seen_day = excluded.seen_day, seen_line = excluded.seen_line;
    if asking then
        perform gate.keep_asking(this_block, bodies, e_pairs, e_untils, e_days, e_labels, e_hints);
    end if;
    return this_block;
end $$;

-- 3. reveal: coverage, only for lines that an earlier transaction has committed ---------------------------------
-- A function that returned it in close could be rolled back: read, and leave no trace.
create or replace function gate.reveal()
    returns table (n integer, insurer smallint, person bigint, from_day integer, until_day integer, sealed bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    this_block bigint := currval('journal.block_no');
    durable boolean := gate.insist_durable();
begin
    return query
    select (e.seq & 255)::integer, v.insurer, v.person, v.from_day, v.until_day, v.sealed
    from journal.entry e
    join coverage.coverage v on v.person = e.person and v.insurer = journal.u16(e.body, 60)
      and int8send(v.from_day + 719163::bigint) = substring(e.body from 113 for 8)   -- the period decided on, and no other
    where e.seq between this_block * 256 and this_block * 256 + 255
      and get_byte(e.body, 4) = 1 and get_byte(e.body, 1) in (1, 4)
      and v.domains & (1 << (get_byte(e.body, 7) - 1)) <> 0
      and e.tx is distinct from pg_current_xact_id_if_assigned()
      and not exists (   -- closed holds here too, whatever `api` decided and wrote
          select from access.ladder h
          where h.rung >= 4 and h.lifted is null and h.until > now()
            and (h.level, h.subject) in ((9, 0), (11, get_byte(e.body, 2)), (12, get_byte(e.body, 7)),
                                         (8, v.insurer)));
end $$;

-- Whether a browser's proof is used for the first time; asks are told by gate.open, everything else asks here -----
create or replace function access.use_proof(proof uuid) returns boolean
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with fresh as (insert into access.proof (id, at) values (proof, now()) on conflict do nothing returning id)
    select exists (select from fresh)
$$;

-- The first second of which a proof may be new. A crash of the database empties access.proof: whoever comes first after it
-- leaves a mark there, and a proof of that second or earlier may have been used before. Proofs count whole seconds.
create or replace function access.proofs_since() returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into access.proof (id, at) values ('00000000-0000-0000-0000-000000000000', now()) on conflict do nothing;
    select floor(extract(epoch from at))::bigint + 1 from access.proof where id = '00000000-0000-0000-0000-000000000000'
$$;
select access.proofs_since();   -- a new database was asked nothing yet: its mark is as old as itself

-- Journal lines of processes other than api: staff, persons, worker, feed ----------------------------------------
create or replace function journal.next_block() returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as
$$ select gate.draw(0) $$;

-- The kinds of line that each process writes; none writes another's, and asks (1 to 4) are the gate's alone.
create or replace function journal.kinds_of(writer name) returns integer[] language sql immutable as $$
    select case writer
        when 'tierce_api' then array[9, 11, 14, 22, 23, 25]
        when 'tierce_office' then array[5, 6, 7, 9, 14, 22, 23, 25]
        when 'tierce_persons' then array[9, 13, 14]
        when 'tierce_insurers' then array[14, 16]
        when 'tierce_signer' then array[18]
        when 'tierce_worker' then array[7, 9, 10, 11, 15, 17, 19]
        when 'tierce_feed' then array[8, 9, 23]
        when 'tierce_upkeep' then array[9, 12, 17]
        when 'tierce_notices' then array[21]
        when 'tierce_billing' then array[9, 22, 23, 25]
        when 'tierce_peers' then array[24]
        else array[]::integer[] end
$$;

create or replace function journal.append(instance_id smallint, in_block bigint, bodies bytea[], signature bytea)
    returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_durable();
    if in_block is distinct from currval('journal.block_no') or coalesce(cardinality(bodies) not between 1 and 64, true)
       or array_position(bodies, null) is not null then
        raise exception 'a block is drawn once, in the same session, for 1 to 64 lines'
            using errcode = 'check_violation';
    end if;
    perform gate.insist_drawn(in_block, 0);
    perform journal.writes();
    if not exists (select from journal.instance where id = instance_id and role = session_user) then
        raise exception 'not an instance of this role' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from unnest(bodies) b
               where get_byte(b, 0) <> 1 or get_byte(b, 1) <> all(journal.kinds_of(session_user))) then
        raise exception 'this process writes no line of that kind; asks are written by the gate alone'
            using errcode = 'insufficient_privilege';
    end if;
    if exists (select from unnest(bodies) b where get_byte(b, 1) = 11 and journal.u64(b, 16) <> instance_id) then
        raise exception 'an instance says of itself alone that it lives' using errcode = 'insufficient_privilege';
    end if;
    if session_user <> 'tierce_persons'
       and exists (select from unnest(bodies) b where get_byte(b, 1) = 14 and journal.u64(b, 80) <> 0) then
        raise exception 'only the persons'' space opens for a person' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from unnest(bodies) b where get_byte(b, 1) in (22, 23, 24, 25) and journal.u64(b, 80) <> 0) then
        raise exception 'a line of an invoice, an account, an alert or an agreement names nobody' using errcode = 'insufficient_privilege';
    end if;
    insert into journal.batch (block, instance, n, signature)
    values (in_block, instance_id, cardinality(bodies), signature);
    perform gate.count_shown(bodies);
    insert into journal.entry (seq, kind, professional, person, body)
    select in_block * 256 + a.n - 1, get_byte(a.body, 1), journal.u64(a.body, 16), journal.u64(a.body, 80), a.body
    from unnest(bodies) with ordinality a(body, n);
    return in_block;
end $$;

-- An instance is looked for before it is made, and its number is the next one and not a sequence's: what a conflict or a
-- rollback throws away of a sequence is gone, and there are 32,767. A role has a thousand names at most, so that a captured
-- one can use up its own alone.
create or replace function journal.register(instance_name text, for_role name, key bytea) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found smallint;
begin
    if for_role <> session_user then
        raise exception 'a process registers itself, under its own role' using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from journal.instance where name = instance_name) then
        lock table journal.instance in share row exclusive mode;
        if (select count(*) from journal.instance where role = for_role) >= 1000 then
            raise exception 'role % has a thousand instances already', for_role using errcode = 'check_violation';
        end if;
        insert into journal.instance (id, name, role, public_key) overriding system value
        values ((select coalesce(max(id), 0) + 1 from journal.instance), instance_name, for_role, key)
        on conflict (name) do nothing;
        perform setval(pg_get_serial_sequence('journal.instance', 'id'), max(id)) from journal.instance;
    end if;
    select id into found from journal.instance
    where name = instance_name and role = for_role and public_key = key;
    if found is null then
        raise exception 'instance % is registered with another key or role', instance_name
            using errcode = 'unique_violation';
    end if;
    return found;
end $$;
-- Who a closing or a wide hold would hinder, counted and never named: live sessions, and answers of the last day among
-- the newest 20,000. Levels are policy.ladder.Level: 3 establishment, 4 profession, 5 software, 6 vendor, 7 cell,
-- 8 insurer, 9 nation, 10 site, 11 act, 12 domain. From 3 to 7 answers are those of the professionals hindered.
create or replace function gate.hindered(of_level smallint, of_subject bigint, professions smallint[])
    returns table (professionals bigint, places bigint, answers bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with live as (
        select s.professional, t.establishment
        from access.session s join directory.activity t on t.id = s.activity
        where s.revoked is null and s.expires > now() and t.profession = any(professions)
          and s.created > now() - interval '4 hours'   -- a session's whole life (identity/rules.py), of a year of sessions
          and case of_level
              when 3 then t.establishment = of_subject
              when 4 then t.profession = of_subject
              when 5 then s.software = of_subject
              when 6 then exists (select from directory.software o where o.id = s.software and o.vendor = of_subject)
              when 7 then exists (select from directory.establishment b where b.id = t.establishment
                                  and directory.cell_of(b.finess, t.profession) = of_subject)
              when 10 then s.site = of_subject
              else true end)
    select (select count(distinct professional) from live),
           (select count(distinct establishment) from live),
           (select count(*) from (select at, domain, insurer, professional, establishment from care.engagement
                                  order by seq desc limit 20000) g
            where g.at > now() - interval '24 hours'
              and case when of_level = 3 then g.establishment = of_subject
                       when of_level between 4 and 7 then g.professional in (select professional from live)
                       when of_level = 8 then g.insurer = of_subject
                       when of_level = 12 then g.domain = of_subject
                       else true end)
$$;

-- Persons' records for staff: only those that committed lines of staff acts and exports name ----------------------
create or replace function gate.staff_reveal(seqs bigint[])
    returns table (seq bigint, person bigint, insurer smallint, sealed bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_durable();
    if cardinality(seqs) > 64 then
        raise exception 'at most 64 people are shown at once' using errcode = 'check_violation';
    end if;
    return query
    select e.seq, r.person, r.insurer, r.sealed
    from journal.entry e join journal.batch b on b.block = e.seq >> 8 join person.record r on r.person = e.person
    where e.seq = any(seqs) and e.kind in (5, 6)   -- an old line shows no more, nor does one of another day
      and b.at > clock_timestamp() - interval '10 minutes' and b.at >= gate.day_start()
      and (journal.u16(e.body, 60) = 0 or r.insurer = journal.u16(e.body, 60))
      and e.tx is distinct from pg_current_xact_id_if_assigned();
    -- Counted once they are gathered, and nothing leaves before the last line here: whatever line was committed meanwhile and
    -- gathered is counted too, so that all who are shown in a day are among the lines of the last count that passed.
    perform gate.insist_below('office', null);
    perform gate.insist_below('staff', w.professional)
    from (select distinct e.professional from journal.entry e where e.seq = any(seqs)) w;
end $$;

-- The index of lines by person leaves out those of nobody: "person <> 0" is written wherever it must serve, since a planner
-- that does not know the number cannot tell, and would read the whole journal.

-- A person's own record, for the live session whose handle she holds and whose opening is in the journal -----------------------------------------------
create or replace function gate.person_self(session_handle bytea)
    returns table (person bigint, insurer smallint, sealed bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query select r.person, r.insurer, r.sealed from person.record r where r.person = her and her <> 0;
end $$;

-- A person's own journal lines --------------------------------------------------------------------------------------
create or replace function gate.person_history(session_handle bytea, before bigint, at_most integer)
    returns table (seq bigint, body bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query
    select e.seq, e.body from journal.entry e
    where e.person = her and e.person <> 0 and e.seq < before order by e.seq desc limit least(at_most, 200);
end $$;
