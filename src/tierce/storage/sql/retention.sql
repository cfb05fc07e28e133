-- What `tierce retention` may do: delete what is past its duration, and nothing else. The durations are in upkeep.keep,
-- copied from policy/retention.py at each upgrade; a stolen credential of tierce_upkeep deletes what was due anyway.

-- Whether the legal hold of an incident lasts: from its opening until somebody released it, with reasons, after closing
-- it; and again from a reopening. Read from the register, whose rows nobody changes (kinds 12 and 14).
create or replace function upkeep.hold_lasts(of_incident bigint) returns boolean language sql stable
    security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce((select r.kind = 12 from incident.register r
                     where r.incident = of_incident and r.kind in (12, 14) order by r.number desc limit 1), true)
$$;

-- So many civil days before an instant, in Paris whatever the session's time zone: what a law counts in days ends with one,
-- and 914 days of 24 hours before a late evening of winter are the next day already, in summer.
create or replace function upkeep.days_before(at timestamptz, days integer) returns timestamptz language sql stable as
$$ select (at at time zone 'Europe/Paris' - make_interval(days => days)) at time zone 'Europe/Paris' $$;

-- The instant before which an incident on record still needs what ended later than it; null when there is none.
create or replace function upkeep.held_since() returns timestamptz language sql stable
    security definer set search_path = pg_catalog, pg_temp as $$
    select upkeep.days_before(min(i.signal_at), (select days from upkeep.keep where class = -2))
    from incident.incident i where upkeep.hold_lasts(i.id)
$$;

-- Whether a person is on the list of an incident that still holds.
create or replace function upkeep.is_held(of_person bigint) returns boolean language sql stable
    security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from incident.incident i join incident.scope s on s.incident = i.id
        where upkeep.hold_lasts(i.id) and (
            exists (select from incident.exposed x
                    where (x.incident, x.revision, x.person) = (s.incident, s.revision, of_person))
            or exists (select from incident.possible x
                       where (x.incident, x.revision, x.person) = (s.incident, s.revision, of_person))))
$$;

-- Whether the journal, as far back as its lines are in the database, has an ask about a person since an instant, or staff
-- who read her record (5, 6): an incident on record may still list her. Never, where no incident is (null).
create or replace function upkeep.may_be_listed(of_person bigint, since timestamptz) returns boolean language sql stable
    security definer set search_path = pg_catalog, pg_temp as $$
    select since is not null and exists (
        select from journal.entry e
        where e.person = of_person and e.person <> 0 and e.kind in (1, 2, 3, 4, 5, 6)
          and journal.u64(e.body, 8) >= extract(epoch from since) * 1000000)
$$;

-- Batches of letters whose file is past its duration: posted that long ago, or printed that long ago and of an audience in
-- the place of which another was frozen since: nobody can take it any more, nor write it posted.
create or replace function upkeep.due_letters(at_most integer) returns table (audience bigint, number integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select b.audience, b.number from notice.letter_batch b
    where b.file_gone is null
      and coalesce(b.posted_at, (
              select b.made_at from notice.audience a join notice.audience n
                on n.incident = a.incident and (n.frozen_at, n.entry) > (a.frozen_at, a.entry)
              where a.id = b.audience limit 1))
          < upkeep.days_before(now(), (select k.days from upkeep.keep k where k.class = 45))
    order by coalesce(b.posted_at, b.made_at) limit at_most
$$;

-- Says that the file of a batch is gone; false when it was not due.
create or replace function upkeep.letters_gone(of_audience bigint, of_number integer) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update notice.letter_batch b set file_gone = now()
    from upkeep.due_letters(null) d
    where (b.audience, b.number) = (d.audience, d.number) and (d.audience, d.number) = (of_audience, of_number);
    return found;
end $$;

-- Deletes insurers' copies of people, and what is keyed to whoever has no copy left. Keys, traits and member numbers are found
-- by what they say, and by nothing else: each table is read once for a chunk, never once for each person. The insurer is
-- compared as an expression, lest the planner, who knows not how many they are, read all of an insurer's members for each.
-- How many copies there were is what is counted: another command may have deleted some meanwhile.
drop function if exists upkeep.forget_people(bigint[], smallint[]);   -- an earlier shape counted nothing
create or replace function upkeep.forget_people(people bigint[], senders smallint[]) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    alone bigint[];
    copies bigint;
begin
    -- A replacement of a look-up key copies rows, a lot at a time: what it copies meanwhile is seen by the next statement.
    perform pg_advisory_xact_lock_shared(127996022385529);
    delete from person.record r using unnest(people, senders) d(person, insurer)
    where r.person = d.person and r.insurer = d.insurer;
    get diagnostics copies = row_count;
    delete from person.family f using unnest(people, senders) d(person, insurer)
    where f.person = d.person and f.insurer = d.insurer;
    delete from person.member m where exists (
        select from unnest(people, senders) d(person, insurer) where d.person = m.person and d.insurer = m.insurer + 0);
    alone := array(select distinct p from unnest(people) p
                   where not exists (select from person.record r where r.person = p));
    delete from person.key k where exists (select from unnest(alone) p where p = k.person);
    delete from person.former_key k where exists (select from unnest(alone) p where p = k.person);
    delete from person.trait t where exists (select from unnest(alone) p where p = t.person);
    update notice.wish w set ended = now(), ended_why = 'left', sealed = null, code = null
    where w.ended is null and exists (select from unnest(alone) p where p = w.person);
    return copies;
end $$;

-- Deletes (or counts, unless `really`) what is due in the next stretch of a class whose table holds years of a country: behind
-- `after` (null: from the beginning), up to `upto`, which is null once the end was reached. Pairs and periods bear no index by
-- age, which the gate or an import would write each time: their stretch is so many pages of the table (docs/adr/0078).
create or replace function upkeep.forget_next(of_class integer, after bigint, really boolean,
    out removed bigint, out upto bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    rows_at_once constant integer := 2000;
    quoted_days constant integer := 366;             -- how long what was answered before a file may be quoted after it
    people_at_once constant integer := 50000;        -- the tables of their keys are read whole for each lot
    held timestamptz := upkeep.held_since();
    before timestamptz := upkeep.days_before(now(),
        (select k.days from upkeep.keep k where k.class = of_class and of_class in (7, 8, 9, 10, 11, 12)));
    before_day integer := (before at time zone 'Europe/Paris')::date - date '1970-01-01';
    ends bigint := coalesce(after, 0) + 8192;        -- 64 MiB further
    low tid := format('(%s,0)', coalesce(after, 0))::tid;
    high tid := format('(%s,0)', ends)::tid;
    behind bigint := coalesce(after, 0);
    people bigint[] := '{}';
    senders smallint[] := '{}';
    more bigint := 0;
begin
    if before is null then
        raise exception 'class % is not one that is deleted by stretches', of_class using errcode = 'check_violation';
    end if;
    removed := 0;
    case of_class
    when 7, 8 then
        if really then
            delete from access.pair p where p.ctid >= low and p.ctid < high
                and (p.state = 2) = (of_class = 8) and p.seen_day < before_day;
            get diagnostics removed = row_count;
        else
            select count(*) into removed from access.pair p where p.ctid >= low and p.ctid < high
                and (p.state = 2) = (of_class = 8) and p.seen_day < before_day;
        end if;
        if of_class = 8 and (really or after is null) then
            with due as (select id from access.presented where day < before_day
                         limit case when really then rows_at_once end),
            gone as (delete from access.presented e using due where e.id = due.id and really)
            select count(*) into more from due;
        end if;
        if more >= rows_at_once and really then
            upto := coalesce(after, 0);              -- the same pages again, of which nothing is left
        elsif ends * current_setting('block_size')::bigint < pg_relation_size('access.pair') then
            upto := ends;
        end if;
        removed := removed + more;
    when 9 then                                      -- in the order in which they were given, to the first that is too young
        with next as materialized (
            select seq, at from care.engagement where label is not null and seq > behind order by seq limit rows_at_once),
        gone as (update care.engagement e set label = null from next
                 where e.seq = next.seq and next.at < before and really)
        select count(*) filter (where at < before),
               case when count(*) = rows_at_once and max(at) < before then max(seq) end
        into removed, upto from next;
    when 10 then                                     -- one that is quoted until a day was given before it
        before := least(before, held);
        before_day := (before at time zone 'Europe/Paris')::date - date '1970-01-01';
        with due as materialized (
            select seq, until_day from care.engagement
            where until_day >= behind and until_day < before_day and at < before
            order by until_day limit case when really then rows_at_once end),
        gone as (delete from care.engagement e using due where e.seq = due.seq and really)
        select count(*), case when count(*) = rows_at_once and really then max(until_day) end into removed, upto from due;
    when 11 then                                     -- one that a file closed late still prices what was promised before
        if really then
            delete from coverage.coverage c where c.ctid >= low and c.ctid < high and c.until_day < before_day
                and c.effective_day < gate.today() - quoted_days and not care.is_to_price(c.person, c.insurer)
                and not upkeep.is_held(c.person) and not upkeep.may_be_listed(c.person, held);
            get diagnostics removed = row_count;
        else
            select count(*) into removed from coverage.coverage c
            where c.ctid >= low and c.ctid < high and c.until_day < before_day
                and c.effective_day < gate.today() - quoted_days and not care.is_to_price(c.person, c.insurer)
                and not upkeep.is_held(c.person) and not upkeep.may_be_listed(c.person, held);
        end if;
        if ends * current_setting('block_size')::bigint < pg_relation_size('coverage.coverage') then
            upto := ends;
        end if;
    when 12 then
        perform pg_advisory_xact_lock_shared(127996022385529);     -- no file begins meanwhile (FeedBook.wait_for_removal)
        if exists (select from registry.feed where kind = 'rights' and state = 'running') then
            return;                                  -- a file under way may hold the coverage that is missing
        end if;
        -- The same stretch of two keys beside one another: neither table is read. Whom an incident holds is asked of those
        -- alone who have no coverage.
        loop
            select max(r.person) into upto
            from (select person from person.record where person > behind order by person limit 100000) r;
            exit when upto is null or cardinality(people) >= people_at_once;
            with nobody as materialized (
                select r.person, r.insurer from person.record r
                where r.person > behind and r.person <= upto and not exists (
                    select from coverage.coverage c where c.person > behind and c.person <= upto
                    and c.person = r.person and c.insurer = r.insurer))
            select people || coalesce(array_agg(b.person), '{}'), senders || coalesce(array_agg(b.insurer), '{}')
            into people, senders
            from nobody b where not upkeep.is_held(b.person) and not upkeep.may_be_listed(b.person, held);
            behind := upto;
        end loop;
        upto := case when upto is not null then behind end;
        removed := cardinality(people);
        if really and removed > 0 then
            removed := upkeep.forget_people(people, senders);
        end if;
        if after is null then                        -- whom an insurer was asked about, and nothing more is kept of
            with due as materialized (
                select a.insurer, a.idx from person.asked a
                where not exists (select from coverage.coverage c where c.person = a.person and c.insurer = a.insurer)
                  and not exists (select from coverage.answered w where w.person = a.person and w.insurer = a.insurer)
                  and not upkeep.is_held(a.person) and not upkeep.may_be_listed(a.person, held)),
            gone as (delete from person.asked a using due where (a.insurer, a.idx) = (due.insurer, due.idx) and really)
            select removed + count(*) into removed from due;
        end if;
    end case;
end $$;

-- Deletes (or counts, unless `really`) at most `at_most` rows of any other class that are past their duration; returns how many.
create or replace function upkeep.forget(of_class integer, at_most integer, really boolean) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    n bigint := 0;
    more bigint := 0;
    kept_days integer := (select k.days from upkeep.keep k where k.class = of_class and of_class > 0);
    before timestamptz := upkeep.days_before(now(), kept_days);
    held timestamptz := upkeep.held_since();
    before_day integer;
    invoiced_days constant integer := 914;
begin
    if kept_days is null then
        raise exception 'class % is not one that is deleted by this job', of_class using errcode = 'check_violation';
    end if;
    if of_class in (3, 4, 5, 6, 13, 15, 23, 28, 44, 74, 79) then
        before := least(before, held);              -- what an incident may still need stays
    end if;
    before_day := (before at time zone 'Europe/Paris')::date - date '1970-01-01';
    case of_class
    when 3 then
        with due as (select id from access.session     -- found by its beginning, which is before its end
                     where created < before and least(revoked, expires) < before order by created limit at_most),
        gone as (delete from access.session s using due where s.id = due.id and really)
        select count(*) into n from due;
    when 4 then
        with due as (select id from access.staff_session
                     where created < before and least(revoked, expires) < before order by created limit at_most),
        gone as (delete from access.staff_session s using due where s.id = due.id and really)
        select count(*) into n from due;
    when 5 then
        with due as (select id from access.person_session
                     where created < before and least(revoked, expires) < before order by created limit at_most),
        gone as (delete from access.person_session s using due where s.id = due.id and really)
        select count(*) into n from due;
    when 6 then                                     -- a line with no session left, then a device with no line left
        with due as (
            select l.id from access.line l
            where l.created_day < before_day and l.floor_day < before_day
              and not exists (select from access.session s where s.line = l.id)
              and not exists (select from access.ladder h where h.level = 2 and h.subject = l.device
                              and h.lifted is null and h.until > now())
            limit at_most),
        gone as (delete from access.line l using due where l.id = due.id and really)
        select count(*) into n from due;
        with due as (select software, login, profession from access.clientele where last_day < before_day limit at_most),
        gone as (delete from access.clientele c using due
                 where (c.software, c.login, c.profession) = (due.software, due.login, due.profession) and really)
        select n + count(*) into n from due;
        with due as (
            select d.id from access.device d
            where d.created < before
              and not exists (select from access.line l where l.device = d.id)
              and not exists (select from access.session s where s.device = d.id)
            limit at_most),
        gone as (delete from access.device d using due where d.id = due.id and really)
        select count(*) into more from due;
    when 13 then
        with due as (select id from access.ladder where least(lifted, until) < before limit at_most),
        gone as (delete from access.ladder h using due where h.id = due.id and really)
        select count(*) into n from due;
    when 79 then                                    -- an assistant that a session still names is named
        with due as (
            select x.id from access.assistant x
            where (x.ended < before or x.until_day < before_day) and not exists (select from access.session s where s.assistant = x.id)
            limit at_most),
        lapsed as (delete from access.passkey p using access.assistant x
                   where x.id = p.assistant and x.until_day < gate.today() and really),
        gone as (delete from access.assistant x using due where x.id = due.id and really)
        select count(*) into n from due;
    when 14 then
        with due as (select id from registry.feed where ended < before limit at_most),
        gone as (delete from registry.feed f using due where f.id = due.id and really)
        select count(*) into n from due;
    when 80 then                                    -- its counts stay as those of the others; of what it put off nothing does
        with due as (select id from registry.feed
                     where state in ('running', 'held') and greatest(started, updated) < before limit at_most),
        later as (delete from registry.feed_later l using due where l.feed = due.id and really),
        refused as (delete from registry.feed_refused r using due where r.feed = due.id and really),
        reasons as (delete from registry.feed_reason r using due where r.feed = due.id and really),
        gone as (update registry.feed f set state = 'left', ended = now() from due where f.id = due.id and really)
        select count(*) into n from due;
    when 15 then
        with due as (select id from notice.person_report where at < before limit at_most),
        gone as (delete from notice.person_report r using due where r.id = due.id and really)
        select count(*) into n from due;
    when 60 then                                    -- one without its answer is never deleted, however old
        with due as (select id from notice.rights_request where answered < before limit at_most),
        gone as (delete from notice.rights_request r using due where r.id = due.id and really)
        select count(*) into n from due;
    when 61 then
        with due as (select person, professional from notice.first_look where ended < before limit at_most),
        gone as (delete from notice.first_look l using due
                 where (l.person, l.professional) = (due.person, due.professional) and really)
        select count(*) into n from due;
        with due as (select id from notice.wish w where w.ended < before
                     and not exists (select from notice.first_look l where l.wish = w.id
                                     and coalesce(l.ended, now()) >= before) limit at_most),
        gone as (delete from notice.wish w using due where w.id = due.id and really)
        select count(*) into more from due;
    when 62 then
        with due as (select id from care.billed where at < before and not upkeep.is_held(person) limit at_most),
        gone as (delete from care.billed b using due where b.id = due.id and really)
        select count(*) into n from due;
    when 72 then                                    -- one that waits, is to be paid or is in a transfer is never deleted
        -- Nor one that was paid, of care that may still be invoiced again, or that a cap may count with such care.
        with capped as materialized (
            select p.insurer, b.domain, 31 * max(b.cap_months) as days
            from registry.benefit b join registry.product p on p.id = b.product where b.cap_months is not null group by 1, 2),
        -- Each found by an index of its own (indexes.sql): a lot reads what is past its time, not all that is kept.
        over as (
            select i.id, i.person from care.invoice i
            where i.state in (3, 4) and greatest(i.at, i.decided, i.cancelled) < before
            union all
            select i.id, i.person from care.invoice i
            where i.state = 6 and i.care_day < gate.today() - invoiced_days and greatest(i.at, i.decided, i.cancelled) < before
              and i.care_day < gate.today() - invoiced_days
                  - coalesce((select c.days from capped c where c.insurer = i.insurer and c.domain = i.domain), 0)),
        due as (select i.id from over i where (i.person is null or not upkeep.is_held(i.person))
                     and not exists (select from bank.recovery r where r.invoice = i.id
                                     and (bank.rest_of(r.id) <> 0 or r.cancelled is null and (r.due > now()) is not false))
                     limit at_most),
        gone as (delete from care.invoice i using due where i.id = due.id and really)
        select count(*) into n from due;
        with due as (select line, day from care.invoice_missed where day < gate.today() - 1 limit at_most),
        gone as (delete from care.invoice_missed m using due where (m.line, m.day) = (due.line, due.day) and really)
        select count(*) into more from due;
    when 81 then
        with due as (select insurer, day, staff, agreement from care.review_read where day < before_day limit at_most),
        gone as (delete from care.review_read r using due where (r.insurer, r.day, r.staff, r.agreement)
                 = (due.insurer, due.day, due.staff, due.agreement) and really)
        select count(*) into n from due;
    when 77, 78 then                                -- one that waits, or is granted, is never deleted; 78: quotes
        with due as (select a.id from care.agreement a where a.state in (2, 4, 5, 6, 7) and (a.kind = 1) = (of_class = 78)
                     and greatest(a.at, a.decided, a.ended) < before and not upkeep.is_held(a.person) limit at_most),
        gone as (delete from care.agreement a using due where a.id = due.id and really)
        select count(*) into n from due;
    when 40 then                                    -- one that waits is never deleted, however old; nor one of whose invoices one is kept
        with due as (select d.number from care.deposit d where d.state <> 1 and d.resolved < before
                     and not exists (select from care.invoice i where i.deposit = d.number) limit at_most),
        gone as (delete from care.deposit d using due where d.number = due.number and really)
        select count(*) into n from due;
    when 23 then
        with due as (select id from access.insurer_session
                     where created < before and least(revoked, expires) < before order by created limit at_most),
        gone as (delete from access.insurer_session s using due where s.id = due.id and really)
        select count(*) into n from due;
    when 28 then
        with due as (select id from access.appeal where answered < before limit at_most),
        gone as (delete from access.appeal a using due where a.id = due.id and really)
        select count(*) into n from due;
    when 43 then                                    -- whom an incident's messages went to, once its legal hold has ended
        with over as (select a.id from notice.audience a where a.frozen_at < before and not upkeep.hold_lasts(a.incident)),
        due as (select i.audience, i.number from notice.item i join over o on o.id = i.audience limit at_most),
        steps as (delete from notice.step s using due
                  where (s.audience, s.item) = (due.audience, due.number) and really),
        pairs as (delete from notice.item_pair p using due
                  where (p.audience, p.item) = (due.audience, due.number) and really),
        gone as (delete from notice.item i using due where (i.audience, i.number) = (due.audience, due.number) and really)
        select count(*) into n from due;
        with over as (select a.id from notice.audience a where a.frozen_at < before and not upkeep.hold_lasts(a.incident)),
        due as (select p.audience, p.person, p.insurer, p.cohort from notice.item_pair p join over o on o.id = p.audience
                where p.item is null limit at_most),
        gone as (delete from notice.item_pair p using due
                 where (p.audience, p.person, p.insurer, p.cohort) = (due.audience, due.person, due.insurer, due.cohort)
                   and really)
        select n + count(*) into n from due;
        with due as (select m.id from notice.message m where m.at < before and not upkeep.hold_lasts(m.incident)
                     limit at_most),
        gone as (delete from notice.message m using due where m.id = due.id and really)
        select count(*) into more from due;
    when 44 then                                    -- a client's, never: applied, enrolled or suspended anywhere, she is one
        with due as (select c.professional from directory.contact c
                     where c.at < before and not exists (
                         select from directory.enrolment e where e.professional = c.professional
                           and (e.status <> 4 or e.at >= before))
                     limit at_most),
        gone as (delete from directory.contact c using due where c.professional = due.professional and really)
        select count(*) into n from due;
    when 45 then                                    -- files: the job deletes one, then says so (upkeep.letters_gone)
        if really then
            raise exception 'letters are files: upkeep.due_letters names them' using errcode = 'check_violation';
        end if;
        select count(*) into n from upkeep.due_letters(at_most);
    when 73 then                                    -- that there was one, and its last four, stay
        with due as (select id from bank.account where state = 4 and ended < before and sealed is not null limit at_most),
        gone as (update bank.account k set sealed = null, copy = null, holder = null, twin = null
                 from due where k.id = due.id and really)
        select count(*) into n from due;
    when 74 then
        with due as (select id from bank.account where state in (5, 6) and ended < before limit at_most),
        gone as (delete from bank.account k using due where k.id = due.id and really)
        select count(*) into n from due;
    when 82 then                                    -- an account's go with it
        with due as (select token from notice.own_mail where account is null and at < before limit at_most),
        gone as (delete from notice.own_mail m using due where m.token = due.token and really)
        select count(*) into n from due;
    when 75 then                                    -- with its transfers, what they paid, who said what and the bank's replies
        if really then                              -- before the transfers that took them, by which they would be to be taken again
            delete from bank.recovery r where r.opened < before and not exists (
                select from bank.recovered c join bank.transfer t on t.id = c.transfer join bank.batch b on b.id = t.batch
                where c.recovery = r.id and (b.ended is null or b.ended >= before));
        end if;
        with due as (select b.id from bank.batch b where b.ended < before and not exists (
                         select from bank.transfer t join bank.recovered c on c.transfer = t.id
                         join bank.recovery r on r.id = c.recovery where t.batch = b.id and (r.opened >= before or exists (
                             select from bank.recovered o join bank.transfer y on y.id = o.transfer join bank.batch k on k.id = y.batch
                             where o.recovery = r.id and (k.ended is null or k.ended >= before))))
                     limit at_most),
        gone as (delete from bank.batch b using due where b.id = due.id and really)
        select count(*) into n from due;
        if really then                              -- a file of the bank's of which nothing is kept any more
            delete from bank.reply_file f where f.at < before and not exists (select from bank.reply r where r.file = f.id);
        end if;
    when 29 then
        with due as (select id from access.alert where at < before limit at_most),
        gone as (delete from access.alert a using due where a.id = due.id and really)
        select count(*) into n from due;
        with due as (select peer, jti from access.peer_set where at < before limit at_most),
        gone as (delete from access.peer_set s using due where (s.peer, s.jti) = (due.peer, due.jti) and really)
        select count(*) into more from due;
        with due as (select id from access.alert_told where at < before limit at_most),
        gone as (delete from access.alert_told t using due where t.id = due.id and really)
        select more + count(*) into more from due;
    end case;
    return n + more;
end $$;
