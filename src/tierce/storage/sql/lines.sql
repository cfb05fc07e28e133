-- Lines of seats beyond the login and device: the establishment's, and those that many share; and the proofs that give
-- seats back. Numbers of kinds are policy.ladder.Level: 5 software, 6 vendor, 7 cell, 9 nation. See docs/reference/bound.md.

-- Proofs of presence --------------------------------------------------------------------------------------------------
-- Where a seat was drawn: the establishment's line, or, below zero, the declared ones (policy.lines.declared_place).
create or replace function access.drawn_at(place bigint) returns bigint
    language sql immutable strict as $$ select case when place < 0 then ~place else place end $$;

-- What a draw is to be locked by: its lines first, in id order, then the pair, as a batch does; so nobody waits in a ring.
create or replace function access.lock_draw(of_pair bigint) returns access.pair
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    before access.pair;
    at access.pair;
begin
    select * into before from access.pair where key = of_pair;
    perform from access.line where id in (before.line, access.drawn_at(before.place)) order by id for no key update;
    select * into at from access.pair where key = of_pair for update;
    if (at.line, at.place) is distinct from (before.line, before.place) then
        raise exception 'the pair changed hands meanwhile: try again' using errcode = 'serialization_failure';
    end if;
    return at;
end $$;

-- Tells every line that a seat was drawn on what became of it: seats -1 freed, 1 taken again, 0 neither; freed is what
-- the lines' count of proofs moves by. The lines count it when they are next opened (policy.seats.settle).
create or replace function access.tell_lines(at access.pair, on_day integer, seat_by integer, freed_by integer)
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare today integer := gate.this_day();
begin
    update access.line set owed = coalesce(owed, '') || int4send(on_day) || int4send(today)
                                  || int2send((seat_by + case when at.place < 0 then 10 else 0 end)::smallint)
                                  || int2send(freed_by::smallint)
    where id in (at.line, access.drawn_at(at.place));
    insert into gate.given_back (kind, subject, drawn, day, seats, freed)
    select w.kind, w.subject, on_day, today, seat_by, freed_by
    from unnest(array[5, 6], array[at.software, at.vendor]) w(kind, subject) where w.subject <> 0;
end $$;

-- Counts a proof of presence for a pair, once: `of_evidence` is the proof's own identifier, `of_grade` a
-- policy.acts.Presence of 2 (confirmed by the person), 3 (reported by a peer) or 4 (verified by us). Gives the seat
-- back on every line it was drawn on. Returns what came of it: 0 this proof was used before, 1 a seat is free again,
-- 2 late, the seat was free already and the proof counts, 3 the pair was proved already, 4 no seat was held: the pair
-- is known from now on. Known from the day on which she was there: an old invoice makes nobody known for longer. Raises
-- serialization_failure when the pair changed hands meanwhile: try again.
create or replace function access.prove(of_pair bigint, of_evidence uuid, of_grade smallint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    at access.pair := access.lock_draw(of_pair);
    today integer := gate.this_day();
    held boolean := coalesce(at.state in (1, 3), false);   -- a miss holds a seat too
    late boolean := held and today - at.day >= 30;
    there integer := coalesce((select f.care_day from presence.proof f where f.id = of_evidence), today);
begin
    insert into access.presented (id, pair, grade, day, freed)
    values (of_evidence, of_pair, of_grade, today, held) on conflict do nothing;
    if not found then
        return 0;
    end if;
    insert into access.pair as p (key, state, day, line, seen_day, seen_line)
    values (of_pair, 2, today, 0, 0, 0)
    on conflict (key) do update set
        state = 2, day = greatest(p.day, there),
        drawn_day = case when p.state in (1, 3) then p.day else p.drawn_day end;
    if held then
        perform access.tell_lines(at, at.day, case when late then 0 else -1 end,
                                  case when of_grade >= 3 then 1 else 0 end);
        return case when late then 2 else 1 end;
    end if;
    return case when at.state = 2 then 3 else 4 end;
end $$;

-- Takes a proof back (a rejected invoice, a visit that the person disputes): the pair is as it was before any proof, its
-- seat is taken again on every line if its 30 days are not over, and the proof no longer counts. The identifier stays
-- used. Returns 0 no such proof or withdrawn before, 1 the seat is taken again, 2 its 30 days are over, 3 this proof
-- had freed nothing.
create or replace function access.withdraw(of_evidence uuid) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    proof access.presented;
    at access.pair;
    today integer := gate.this_day();
begin
    select * into proof from access.presented where id = of_evidence;
    at := access.lock_draw(proof.pair);
    update access.presented set withdrawn = today where id = of_evidence and withdrawn is null;
    if not found then
        return 0;
    end if;
    if not proof.freed and exists (select from access.presented e where e.pair = proof.pair and e.withdrawn is null) then
        return 3;
    end if;
    update access.pair set state = 1, day = drawn_day, drawn_day = 0 where key = at.key and state = 2;
    if not proof.freed or not found then
        return 3;
    end if;
    perform access.tell_lines(at, at.drawn_day, case when today - at.drawn_day < 30 then 1 else 0 end,
                              case when proof.grade >= 3 then -1 else 0 end);
    return case when today - at.drawn_day < 30 then 1 else 2 end;
end $$;

-- Lines that many share ----------------------------------------------------------------------------------------------
-- The same rule as policy/seats.py's, on a row: brought forward to a day, which never goes back. Pools (cell and nation)
-- hold no seats: they are a number a day. A test holds this equal to the policy.
create or replace function gate.roll_common(line gate.common, to_day integer) returns gate.common
    language plpgsql immutable as $$
begin
    if to_day - line.day > 60 then                   -- asleep: no seat is open any more, and it starts anew
        line.seats := array_fill(0, array[30]);
        line.freed_256 := 0;
        line.freed_week := 0;
        line.today := 0;
        line.day := to_day;
    end if;
    while line.day < to_day loop
        line.day := line.day + 1;
        line.today := 0;
        line.seats[line.day % 30 + 1] := 0;
        if (line.day + 3) % 7 = 0 then               -- a Monday: 1970-01-01 was a Thursday
            line.weeks := least(60, line.weeks + 1);
            line.freed_256 := greatest(0, line.freed_256 + floor(
                (256 * line.freed_week - line.freed_256)::numeric / least(16, line.weeks + 4))::bigint);
            line.freed_week := 0;
        end if;
    end loop;
    return line;
end $$;

-- The size of a common line: a share of the sum over the professionals who worked with it in the last sixty days, one
-- who is new counting as her device on probation does; never below a base. How many they were is kept too.
--
-- The statement is made for the kind, so that it is planned for it: a plan good for every kind reads everybody for a cell.
create or replace function gate.size_common(line gate.common, today integer) returns gate.common
    language plpgsql stable as $$
declare size gate.common_size := (select s from gate.common_size s where s.kind = line.kind);
begin
    execute 'with worked as (
                select c.login, c.profession, min(c.first_day) > $1 - 14 as new from access.clientele c
                where c.last_day > $1 - 60 and '
            || case line.kind when 5 then 'c.software = $2' when 6 then 'c.vendor = $2' when 7 then 'c.cell = $2' else '$2 = 0' end
            || ' group by c.login, c.profession),
            counted as (select profession, new, count(*) as n from worked group by profession, new),
            worth as (
                select c.n, case when c.new then least(5, f.a) else f.a end as a, f.top
                from counted c join gate.floor f using (profession))
            select coalesce(sum(n * case when $3 then (a + 2) / 3 else a end), 0), coalesce(sum(n * top), 0),
                   coalesce(sum(n), 0) from worth'
    into line.a, line.top, line.clients using today, line.subject::integer, line.kind >= 7;
    line.a := greatest(size.base, line.a::bigint * size.percent / 100);
    line.top := greatest(size.base, line.top::bigint * size.percent / 100);
    line.counted := clock_timestamp();
    return line;
end $$;

-- Whether a line's size is out of date: counted on an earlier day, or a minute ago at least while `short` of units.
create or replace function gate.size_due(line gate.common, short boolean) returns boolean language sql stable as $$
    select line.counted < gate.day_start() or (short and line.counted < clock_timestamp() - interval '1 minute')
$$;

-- Whether so many work with a line that counting them is the worker's (gate.size_crowded): a draw would hold the row, and
-- every other draw of it, for as long. What the worker has not counted since yesterday began, a draw counts.
create or replace function gate.is_crowded(line gate.common) returns boolean language sql stable as $$
    select line.clients >= 2000 and line.counted >= gate.day_start() - interval '1 day'
$$;

-- Counts one crowded line anew, if one is due, and locks its row only once it has counted. Returns whether there was one.
create or replace function gate.size_crowded() returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    line gate.common;
    sized gate.common;
begin
    for line in select * from gate.common c where c.clients >= 2000 order by c.counted loop
        sized := gate.roll_common(line, greatest(line.day, gate.this_day()));
        -- A draw takes at most a block of 1024, so with less than two left one may go away with less than it asked for.
        if gate.size_due(line, gate.free_common(sized) < 2048) then
            sized := gate.size_common(line, sized.day);
            select * into line from gate.common c where c.kind = line.kind and c.subject = line.subject for update;
            line.a := sized.a;
            line.top := sized.top;
            update gate.common c set a = sized.a, top = sized.top, limit_now = gate.limit_common(line),
                                     clients = sized.clients, counted = sized.counted
            where c.kind = line.kind and c.subject = line.subject;
            return true;
        end if;
    end loop;
    return false;
end $$;

-- Units of common lines drawn for the calling process, which spends them in memory; at most as many as each line has.
-- The rows are locked here alone, in a transaction of its own, never while a batch is under way. `backs` are units of
-- day `back_days` that the process had and did not spend. A process that dies takes its units along: fewer are served,
-- never one more. Returns the day that the units are good for and, in the order given, how many there are: every row is
-- locked before the day is read, once, so that midnight between two lines gives none of them a day that it did not count.
create or replace function gate.lend(
    kinds smallint[], subjects bigint[], wants integer[], back_days integer[], backs integer[],
    out for_day integer, out granted integer[])
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    asked record;
    line gate.common;
    told record;
    free integer;
    given integer;
begin
    if cardinality(kinds) > 1024 then
        raise exception 'at most 1024 lines are drawn from at once' using errcode = 'check_violation';
    end if;
    granted := array_fill(0, array[cardinality(kinds)]);
    insert into gate.common (kind, subject, day)
    select distinct k, s, gate.this_day() from unnest(kinds, subjects) a(k, s) order by k, s on conflict do nothing;
    perform from gate.common c where (c.kind, c.subject) in (select k, s from unnest(kinds, subjects) a(k, s))
    order by c.kind, c.subject for update;
    select greatest(gate.this_day(), max(c.day)) into for_day from gate.common c
    where (c.kind, c.subject) in (select k, s from unnest(kinds, subjects) a(k, s));
    for asked in select * from unnest(kinds, subjects, wants, back_days, backs)
                     with ordinality a(kind, subject, want, back_day, back, n) order by kind, subject loop
        select * into line from gate.common where kind = asked.kind and subject = asked.subject;
        for told in delete from gate.given_back g where g.kind = asked.kind and g.subject = asked.subject
                    returning g.drawn, g.day, g.seats, g.freed loop
            line := gate.roll_common(line, least(told.day, for_day));
            if told.seats <> 0 and line.day - told.drawn < 30 then
                line.seats[told.drawn % 30 + 1] := greatest(0, line.seats[told.drawn % 30 + 1] + told.seats);
            end if;
            line.freed_week := line.freed_week + told.freed;
        end loop;
        line := gate.roll_common(line, for_day);
        if asked.back > 0 and line.day - asked.back_day < 30 then
            line.seats[asked.back_day % 30 + 1] := greatest(0, line.seats[asked.back_day % 30 + 1] - asked.back);
            if asked.back_day = line.day then
                line.today := greatest(0, line.today - asked.back);
            end if;
        end if;
        free := gate.free_common(line);
        if gate.size_due(line, free < asked.want) and not gate.is_crowded(line) then
            line := gate.size_common(line, line.day);
            free := gate.free_common(line);
        end if;
        given := least(free, case when asked.want = 0 then 0
                                  else greatest(asked.want, least(1024, free / 32)) end);
        line.today := line.today + given;
        if line.kind < 7 then
            line.seats[line.day % 30 + 1] := line.seats[line.day % 30 + 1] + given;
        end if;
        line.limit_now := gate.limit_common(line);
        granted[asked.n] := given;
        update gate.common c set
            day = line.day, weeks = line.weeks, a = line.a, top = line.top, limit_now = line.limit_now,
            freed_256 = line.freed_256, freed_week = line.freed_week, today = line.today, seats = line.seats,
            counted = line.counted, clients = line.clients
        where c.kind = line.kind and c.subject = line.subject;
    end loop;
end $$;

create or replace function gate.limit_common(line gate.common) returns integer language sql immutable as $$
    select case when line.kind >= 7 then line.a
                else least(line.top, line.a + 2 * line.freed_256 / 256)::integer end
$$;

-- Seats that may still be drawn today: within the limit of what is open, and the day's cap.
create or replace function gate.free_common(line gate.common) returns integer language sql immutable as $$
    select greatest(0, case when line.kind >= 7 then line.a - line.today else
        least(gate.limit_common(line) - (select sum(s) from unnest(line.seats) s),
              least(gate.limit_common(line), greatest(3, (gate.limit_common(line) + 2) / 3)) - line.today) end)::integer
$$;

-- Lines of a session --------------------------------------------------------------------------------------------------
-- Whether a stored line is on probation (policy/seats.py, on_probation), as far as its bytes tell; a test compares.
create or replace function access.on_probation(state bytea, today integer) returns boolean language sql immutable as $$
    select get_byte(state, 0) > 1 and journal.u16(state, 26) = 0
        or today < ((get_byte(state, 8) << 24) + (get_byte(state, 9) << 16) + journal.u16(state, 10)) + 14
$$;

-- The line of a (login, device, profession), created with the caller's opening state when it is new. A login has one
-- probation for each profession: while it lasts, and for 14 days whatever the state says, a further new device shares
-- its line, so that whoever signs in again and again gets no more seats (docs/adr/0029). A device that continues an older
-- one draws on that one's line, even if it had one of its own before.
create or replace function access.line_of(
    for_login bigint, for_device bigint, for_profession smallint, new_id bigint, opening bytea) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found bigint;
begin
    perform gate.insist_current();
    perform from access.login where id = for_login for update;
    select id into found from access.line
    where login = for_login and device = for_device and profession = for_profession;
    select coalesce(k.line, found) into found from (select) one
    left join access.continued k on k.login = for_login and k.device = for_device and k.profession = for_profession;
    if found is null then
        select id into found from access.line
        where login = for_login and profession = for_profession
          and (created_day > gate.today() - 14 or access.on_probation(state, gate.today()))
        order by created_day desc, id limit 1;
    end if;
    if found is null then
        insert into access.line (id, login, device, professional, profession, created_day, state)
        select new_id, for_login, for_device, g.professional, for_profession, gate.today(), opening
        from access.login g where g.id = for_login
        returning id into found;
    end if;
    return found;
end $$;

-- What binding a session to an activity makes known: the establishment's line, with its desks counted anew, and that
-- this login works with this software.
create or replace function access.join_lines(for_session bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    today integer := gate.today();
    s record;
begin
    select o.login, o.software, w.vendor, t.establishment, t.profession, directory.cell_of(e.finess, t.profession)::integer as cell,
           (select count(*) from (select from directory.activity a
                where a.establishment = t.establishment and a.profession = t.profession and a.active limit 40) d) as desks
    into s
    from access.session o join directory.activity t on t.id = o.activity
    join directory.establishment e on e.id = t.establishment
    left join directory.software w on w.id = o.software
    where o.id = for_session;
    insert into access.line as l (id, establishment, profession, created_day, desks, cell)
    values (access.place_of(s.establishment, s.profession), s.establishment, s.profession, today,
            greatest(1, s.desks), s.cell)
    on conflict (id) do update set desks = excluded.desks, cell = excluded.cell
    where (l.desks, l.cell) is distinct from (excluded.desks, excluded.cell);
    insert into access.clientele as c (software, login, profession, vendor, cell, first_day, last_day)
    values (s.software, s.login, s.profession, coalesce(s.vendor, 0), s.cell, today, today)
    on conflict (software, login, profession) do update set
        vendor = excluded.vendor, cell = excluded.cell, last_day = excluded.last_day,
        first_day = case when c.last_day > today - 60 then c.first_day else excluded.first_day end
    where (c.vendor, c.cell, c.last_day) is distinct from (excluded.vendor, excluded.cell, excluded.last_day);
end $$;
