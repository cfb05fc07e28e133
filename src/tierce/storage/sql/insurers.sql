-- The insurers' site: functions that take the session's handle and tell of its own insurer alone. The role reads no
-- table: whoever stole its credential knows no handle, and cannot open a session without the key file of the doors.

-- Opens a session for the insurer whose door this number opens; null when it opens none.
drop function if exists access.open_insurer_session(bytea, bigint, bytea, bigint, text, interval);   -- an earlier shape knew no key
create or replace function access.open_insurer_session(
    door bytea, new_id bigint, session_handle bytea, staff_number bigint, staff_name text, life interval, of_bound bytea)
    returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found smallint := (select d.insurer from registry.door d where d.digest = sha256(door));
begin
    if found is not null then
        insert into access.insurer_session (id, handle, insurer, staff, name, created, expires, bound)
        values (new_id, session_handle, found, staff_number, staff_name, now(), now() + least(life, interval '1 hour'), of_bound);
    end if;
    return found;
end $$;

create or replace function access.insurer_session(session_handle bytea)
    returns table (id bigint, insurer smallint, amc text, insurer_name text, staff bigint, staff_name text,
                   created timestamptz, expires timestamptz, revoked timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.id, s.insurer, i.amc, i.name, s.staff, s.name, s.created, s.expires, s.revoked
    from access.insurer_session s join registry.insurer i on i.id = s.insurer where s.handle = session_handle
$$;

-- The insurer of a live session; raises when there is none. Nobody but the functions below may call it.
create or replace function access.live_insurer(session_handle bytea, out session bigint, out insurer smallint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    select s.id, s.insurer into session, insurer from access.insurer_session s
    where s.handle = session_handle and s.revoked is null and s.expires > now();
    if session is null then
        raise exception 'no live session has this handle' using errcode = 'insufficient_privilege';
    end if;
end $$;

-- The same, for what tells of people's activity: only once a committed line of the last two minutes says who reads.
create or replace function access.journalled_insurer(session_handle bytea, line bigint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare live record := access.live_insurer(session_handle);
begin
    perform gate.insist_durable();
    if not exists (
        select from journal.entry e
        where e.seq = line and e.kind = 16 and get_byte(e.body, 2) = 93
          and journal.u64(e.body, 32) = live.session and journal.u16(e.body, 60) = live.insurer
          and abs(journal.u64(e.body, 8) - extract(epoch from clock_timestamp()) * 1e6) < 120e6
          and e.tx is distinct from pg_current_xact_id_if_assigned()) then
        raise exception 'no committed line says who reads this' using errcode = 'insufficient_privilege';
    end if;
    return live.insurer;
end $$;

-- Where so many months begin, the running one included, in Paris; thirteen at most.
create or replace function registry.months_back(months integer) returns timestamptz
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select (date_trunc('month', now() at time zone 'Europe/Paris') - make_interval(months => least(months, 13) - 1))
           at time zone 'Europe/Paris'
$$;

-- How many people of its own, as the last import left them: nothing is counted when a page is read.
create or replace function registry.own_people(session_handle bytea)
    returns table (day integer, counted timestamptz, covered bigint, ended bigint, future bigint, second bigint,
                   domains bigint[])
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.day, c.counted, c.covered, c.ended, c.future, c.second, c.domains
    from access.live_insurer(session_handle) l join registry.people_count c on c.insurer = l.insurer
    order by c.day desc limit 1
$$;

-- Answers shown about its own people: a total of each finished day (domain 0); by domain and kind over those days (day
-- null); and by domain and kind for the running day. From 1 to 4 is told as null, and the running day in steps of five, so
-- that reading again does not tell of one person; nor reading of one day more, so there are so many days and no others
-- (insurers/rules.py, DAYS_TOLD; a test compares). Days and cells have one sum: of either, when one is masked, so are the
-- next smallest, until two at least are and come to ten. Subtracting then leaves a sum that several counts fit.
create or replace function registry.own_shown(session_handle bytea, line bigint, days integer)
    returns table (day integer, domain smallint, kind smallint, lines bigint)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with own as materialized (
        select c.* from access.journalled_insurer(session_handle, line) o(insurer)
        join registry.shown_count c on c.insurer = o.insurer and c.day > gate.today() - days and days = 14),
    summed as (
        select o.day, 0::smallint as domain, 0::smallint as kind, sum(o.lines)::bigint as lines, 1 as part, 1 as step
        from own o
        where o.day < gate.today() group by o.day
        union all
        select null, o.domain, o.kind, sum(o.lines)::bigint, 2, 1 from own o
        where o.day < gate.today() group by o.domain, o.kind
        union all
        select o.day, o.domain, o.kind, o.lines, 3, 5 from own o where o.day >= gate.today()),
    ranked as (
        select w.*, min(w.lines) over (partition by w.part) as least,
               row_number() over smallest as nth,
               coalesce(sum(w.lines) over (smallest rows between unbounded preceding and 1 preceding), 0) as below
        from summed w window smallest as (partition by w.part order by w.lines, w.day, w.domain, w.kind))
    select s.day, s.domain, s.kind,
           case when s.lines >= 5 and not (s.part < 3 and s.least < 5 and (s.nth <= 2 or s.below < 10))
                then s.lines / s.step * s.step end
    from ranked s
    order by s.day nulls last, s.domain, s.kind
$$;

-- Its own people on the list of each incident that is established, and did not prove since to be no breach: exact, since
-- the insurer must be told. `day` is what its reference bears; `told` whether its notice left, and has a page.
drop function if exists registry.own_incidents(bytea, bigint);   -- an earlier shape named none
create or replace function registry.own_incidents(session_handle bytea, line bigint)
    returns table (incident bigint, day date, aware_at timestamptz, listed_at timestamptz, persons bigint, told boolean)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, i.day, i.aware_at, s.at, coalesce(n.persons, 0),
        exists (select from notice.warning w where w.incident = i.id and w.insurer = own.insurer and w.step = 1)
    from access.journalled_insurer(session_handle, line) own(insurer)
    join incident.incident i on i.aware_at is not null and i.dismissed_at is null
    join lateral (select c.revision, c.at from incident.scope c where c.incident = i.id
                  order by c.revision desc limit 1) s on true
    join incident.insurer_count n
      on n.incident = i.id and n.revision = s.revision and n.insurer = own.insurer
    order by i.aware_at desc
$$;

-- What was paid for it, a batch a row, the newest file first: how many invoices the file paid, its sum, what was taken off for what
-- was paid before and was not due, and what came back, whole where the bank rejected the file. Exact, since it owes it; no place, and nobody covered.
drop function if exists registry.own_batches(bytea, bigint, integer);   -- an earlier shape recovered nothing
create or replace function registry.own_batches(session_handle bytea, line bigint, months integer)
    returns table (id bigint, state smallint, filed timestamptz, invoices bigint, amount bigint, back_invoices bigint,
                   back bigint, recovered bigint)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select b.id, b.state, b.filed, s.invoices, b.sent_total, s.back_invoices, s.back, s.recovered
    from access.journalled_insurer(session_handle, line) own(insurer)
    join bank.batch b on b.insurer = own.insurer and b.filed >= registry.months_back(months)
    join lateral (
        select sum(t.invoices)::bigint as invoices,
               coalesce(sum(t.invoices) filter (where t.state = 3 or b.state = 5), 0)::bigint as back_invoices,
               coalesce(sum(t.amount) filter (where t.state = 3 or b.state = 5), 0)::bigint as back,
               coalesce(sum((select sum(c.amount) from bank.recovered c where c.transfer = t.id))
                    filter (where t.state <> 3 and b.state <> 5), 0)::bigint as recovered
        from bank.transfer t where t.batch = b.id and (t.state <> 4 or t.why = 5)) s on true
    order by b.filed desc, b.id
$$;

-- What was decided of invoices to it, by month in Paris: accepted, with what they asked and what is due; refused, with what they
-- asked. One that was taken back is in none.
create or replace function registry.own_decided(session_handle bytea, line bigint, months integer)
    returns table (month date, accepted bigint, asked bigint, due bigint, refused bigint, refused_asked bigint)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select m.month::date, s.accepted, s.asked, s.due, s.refused, s.refused_asked
    from access.journalled_insurer(session_handle, line) own(insurer)
    cross join generate_series(registry.months_back(months) at time zone 'Europe/Paris', now() at time zone 'Europe/Paris',
                               interval '1 month') m(month)
    -- A month at a time, of the index alone: nothing is sorted, and no row's own month is worked out.
    cross join lateral (
        select count(*) filter (where i.state <> 3) as accepted,
               coalesce(sum(i.asked) filter (where i.state <> 3), 0)::bigint as asked,
               coalesce(sum(i.due) filter (where i.state <> 3), 0)::bigint as due,
               count(*) filter (where i.state = 3) as refused,
               coalesce(sum(i.asked) filter (where i.state = 3), 0)::bigint as refused_asked
        from care.invoice i
        where i.insurer = own.insurer and i.state not in (1, 4) and i.decided >= m.month at time zone 'Europe/Paris'
          and i.decided < (m.month + interval '1 month') at time zone 'Europe/Paris') s
    where s.accepted + s.refused > 0 order by 1
$$;

-- What is to be paid for it, as of now: due and in no batch yet, in batches that wait for approval or for their file, and in files that
-- the bank has and of which nobody said what became of them; and what of its recoveries places
-- gave back, and what was given back to places, by another way than a transfer: one never hides the other.
create or replace function registry.own_coming(session_handle bytea, line bigint)
    returns table (invoices bigint, due bigint, gathered bigint, ordered bigint, settled bigint, given bigint)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select d.n, d.cents, b.gathered, b.ordered, r.settled, r.given
    from access.journalled_insurer(session_handle, line) own(insurer)
    cross join lateral (select count(*) as n, coalesce(sum(i.due), 0)::bigint as cents from care.invoice i
                        where i.insurer = own.insurer and i.state in (2, 7) and i.transfer is null) d
    cross join lateral (select coalesce(sum(x.total) filter (where x.state in (1, 2)), 0)::bigint as gathered,
                               coalesce(sum(x.sent_total) filter (where x.state = 3), 0)::bigint as ordered
                        from bank.batch x where x.insurer = own.insurer and x.ended is null) b
    cross join lateral (select coalesce(sum(y.settled) filter (where y.settled > 0), 0)::bigint as settled,
                               coalesce(-sum(y.settled) filter (where y.settled < 0), 0)::bigint as given
                        from bank.recovery y
                        where y.insurer = own.insurer) r
$$;

-- What became of its own files, the newest first: counts and times, never a value.
drop function if exists registry.own_feeds(bytea, integer);   -- an earlier shape told less
create or replace function registry.own_feeds(session_handle bytea, at_most integer)
    returns table (id bigint, kind text, insurer text, amc text, state text, started timestamptz, ended timestamptz,
                   updated timestamptz, read bigint, taken bigint, unchanged bigint, rejected bigint,
                   share double precision, rate real, shrink bigint, people_ended bigint, outdated bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.id, f.kind, i.name, i.amc, f.state, f.started, f.ended, f.updated, greatest(f.lines_read, f.lines_done),
           f.taken, f.unchanged, f.rejected,
           case when f.bytes_total > 0 then f.bytes_done::float / f.bytes_total
                when f.lines_total > 0 then f.lines_done::float / f.lines_total end, f.rate, f.shrink, f.people_ended,
           f.outdated
    from access.live_insurer(session_handle) l
    join registry.feed f on f.insurer = l.insurer join registry.insurer i on i.id = l.insurer
    order by f.started desc limit least(at_most, 200)
$$;

-- Why lines of one of its own files were refused, and which: reasons and line numbers.
create or replace function registry.own_feed_reasons(session_handle bytea, of_feed bigint)
    returns table (field text, code text, reason_fr text, reason_en text, remedy_fr text, remedy_en text, lines bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.field, r.code, r.reason_fr, r.reason_en, r.remedy_fr, r.remedy_en, r.lines
    from access.live_insurer(session_handle) l
    join registry.feed f on f.insurer = l.insurer and f.id = of_feed
    join registry.feed_reason r on r.feed = f.id
    order by r.lines desc, r.field, r.code
$$;
create or replace function registry.own_feed_refused(session_handle bytea, of_feed bigint, at_most integer)
    returns table (line bigint, field text, code text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.line, r.field, r.code
    from access.live_insurer(session_handle) l
    join registry.feed f on f.insurer = l.insurer and f.id = of_feed
    join registry.feed_refused r on r.feed = f.id
    order by r.line limit least(at_most, 10000)
$$;

-- Counts one insurer's people from its coverage; run by an import once it is done. One insurer's periods of a person
-- never overlap, so that each that covers today is one more person covered, and nobody need be told from the others
-- but those of the other periods.
create or replace function registry.count_people(for_insurer smallint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    today integer := gate.today();
begin
    with alike as materialized (
        select case when today between c.from_day and c.until_day then 0 else c.person end as person,
               c.from_day > today as later,
               case when today between c.from_day and c.until_day then c.domains end as domains,
               today between c.from_day and c.until_day and c.priority > 1 as second,
               count(*) as people
        from coverage.coverage c where c.insurer = for_insurer group by 1, 2, 3, 4),
    others as (
        select a.person, bool_or(a.later) as later from alike a
        -- Asked by key for each, and not joined: the planner counts nobody of an insurer whose first file this is, and
        -- would read all of them for each. Its periods never overlap, so there is one at most.
        where a.person <> 0 and (
            select true from coverage.coverage c
            where c.person = a.person and c.insurer = for_insurer and today between c.from_day and c.until_day) is null
        group by a.person)
    insert into registry.people_count (insurer, day, counted, covered, ended, future, second, domains)
    select for_insurer, today, now(),
           (select coalesce(sum(a.people), 0) from alike a where a.person = 0),
           (select count(*) from others o where not o.later),
           (select count(*) from others o where o.later),
           (select coalesce(sum(a.people), 0) from alike a where a.second),
           array(select coalesce((select sum(a.people) from alike a where a.domains & (1 << (d - 1)) <> 0), 0)::bigint
                 from generate_series(1, 12) d order by d)
    on conflict (insurer, day) do update set
        counted = excluded.counted, covered = excluded.covered, ended = excluded.ended, future = excluded.future,
        second = excluded.second, domains = excluded.domains;
end $$;

-- Adds what the journal's next leaves show to the counts by insurer; returns how many leaves were read.
create or replace function registry.count_shown(at_most integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    upto bigint;
    reached bigint;
    taken integer;
begin
    select leaf into upto from registry.shown_upto for update;
    with fresh as materialized (
        select l.idx, e.kind, e.body from journal.leaves(upto, at_most) l join journal.entry e using (seq)),
    added as (
        insert into registry.shown_count as c (insurer, day, domain, kind, lines)
        select journal.u16(f.body, 60),
               (to_timestamp(journal.u64(f.body, 8) / 1e6) at time zone 'Europe/Paris')::date - date '1970-01-01',
               get_byte(f.body, 7), f.kind, count(*)
        from fresh f
        where f.kind in (1, 4) and get_byte(f.body, 4) = 1 and journal.u16(f.body, 60) <> 0
        group by 1, 2, 3, 4
        on conflict (insurer, day, domain, kind) do update set lines = c.lines + excluded.lines)
    select max(f.idx), count(*) into reached, taken from fresh f;
    if taken > 0 then
        update registry.shown_upto set leaf = reached;
    end if;
    return taken;
end $$;
