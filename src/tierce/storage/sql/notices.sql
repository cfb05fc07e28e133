-- Notices: what role tierce_notices may do that a grant on a table would give too widely.

-- Puts a wrapped key of compartment CONTACT in place, for one loan; gives its version, or that of the loan already open.
create or replace function contact.open_loan(of_incident bigint, of_insurer smallint, wrapped bytea, version smallint)
    returns smallint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found record;
begin
    select l.key_version, l.forgotten_at into found from contact.loan l
    where l.incident = of_incident and l.insurer = of_insurer;
    if found.forgotten_at is not null then
        raise exception 'what was lent for this incident was deleted' using errcode = 'check_violation';
    end if;
    if found.key_version is null then
        if version is distinct from contact.next_version(of_insurer) then   -- a number too high would leave none for the next loan
            raise exception 'a key of contact data bears the next number' using errcode = 'check_violation';
        end if;
        insert into registry.insurer_key (insurer, compartment, version, wrapped) values (of_insurer, 3, version, wrapped);
        insert into contact.loan (incident, insurer, key_version) values (of_incident, of_insurer, version);
        return version;
    end if;
    return found.key_version;
end $$;

-- The next version of an insurer's key of compartment CONTACT; none is used twice, even once destroyed.
create or replace function contact.next_version(of_insurer smallint) returns smallint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (coalesce(max(l.key_version), 0) + 1)::smallint from contact.loan l where l.insurer = of_insurer
$$;

-- Deletes what one insurer lent for one incident, and destroys the key under which it was sealed: what a backup still
-- holds opens no more. Gives how many records there were. Not while messages or letters of the newest audience wait to be
-- written with what it lent (states 1, 2, 4, 8, 9), or are being: whoever they are for would be told by nothing.
create or replace function contact.forget(of_incident bigint, of_insurer smallint) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    sealed_under smallint;
    gone bigint;
begin
    select l.key_version into sealed_under from contact.loan l
    where l.incident = of_incident and l.insurer = of_insurer and l.forgotten_at is null for update;
    if sealed_under is null then
        return null;
    end if;
    if not pg_try_advisory_xact_lock(hashtextextended('tierce-messages', of_incident))
       or exists (
           select from notice.item i
           where i.insurer = of_insurer and i.state in (1, 2, 4, 8, 9)
             and i.audience = (select a.id from notice.audience a
                               join incident.incident n on n.id = a.incident and n.dismissed_at is null
                               where a.incident = of_incident order by a.frozen_at desc, a.entry desc limit 1))
    then
        raise exception 'messages wait to be written with what was lent' using errcode = 'check_violation';
    end if;
    delete from contact.contact c where c.incident = of_incident and c.insurer = of_insurer;
    get diagnostics gone = row_count;
    delete from registry.insurer_key k where k.insurer = of_insurer and k.compartment = 3 and k.version = sealed_under;
    update contact.loan l set forgotten_at = now() where l.incident = of_incident and l.insurer = of_insurer;
    return gone;
end $$;

-- One insurer's part of one list of an established incident, in the order of persons, with what tells the insurer who
-- each one is: the member number, sealed in the period of cover that was read, or the last one.
drop function if exists notice.members(bigint, smallint, bigint, integer);
create or replace function notice.members(of_incident bigint, of_insurer smallint, of_revision smallint,
    after_person bigint, at_most integer)
    returns table (person bigint, categories integer, first_at timestamptz, last_at timestamptz, entries integer,
                   sealed bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select x.person, x.categories, x.first_at, x.last_at, x.entries, c.sealed
    from incident.incident i
    join incident.exposed x on x.incident = i.id and x.revision = of_revision
    left join lateral (
        select v.sealed from coverage.coverage v where v.person = x.person and v.insurer = x.insurer
        order by (x.first_at at time zone 'Europe/Paris')::date - date '1970-01-01' between v.from_day and v.until_day
            desc, v.from_day desc limit 1) c on true
    where i.id = of_incident and i.aware_at is not null and x.insurer = of_insurer and x.person > after_person
    order by x.person limit least(at_most, 100000)
$$;

-- What the next row of an incident's register is bound to, and nothing of what its rows say: how many there are, the last
-- one's digest, whether the event is closed (kinds 11 and 12), whether a row has this insurer's receipt.
create or replace function notice.register_head(of_incident bigint, of_insurer smallint, out number integer,
    out digest bytea, out closed boolean, out known boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(max(r.number), 0), coalesce((array_agg(r.digest order by r.number desc))[1], ''),
        coalesce((array_agg(r.kind order by r.number desc) filter (where r.kind in (11, 12)))[1] = 11, false),
        coalesce(bool_or(r.kind = 1 and r.facts::jsonb @> jsonb_build_object('moment', 'notice_received',
                                                                             'insurer', of_insurer)), false)
    from incident.register r where r.incident = of_incident
$$;

-- The register's row of an insurer's acknowledgement, once, whoever calls: by whom and when are the acknowledgement's own,
-- the words are always the same, and its journal line is of this very act. That the row follows is looked at as for any
-- other (incident.follow).
create or replace function notice.note_received(of_incident bigint, of_insurer smallint, of_number integer,
    written timestamptz, said text, of_digest bytea, of_entry bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    heard record;
    head record;
begin
    perform pg_advisory_xact_lock(hashtextextended('tierce-register', of_incident));
    select a.at, a.staff, a.name into strict heard from notice.acknowledgement a
    where a.incident = of_incident and a.insurer = of_insurer order by a.at, a.revision limit 1;
    select * into head from notice.register_head(of_incident, of_insurer);
    if said <> '{"at":' || (extract(epoch from heard.at) * 1000000)::bigint || ',"insurer":' || of_insurer
               || ',"moment":"notice_received","why":"Accusé de réception sur le site des organismes."}'
       or head.closed or head.known
       or not exists (
           select from journal.entry e
           where e.seq = of_entry and e.kind = 21 and get_byte(e.body, 2) = 166
             and journal.u16(e.body, 60) = of_insurer)
    then
        raise exception 'this is not what the insurer acknowledged' using errcode = 'check_violation';
    end if;
    insert into incident.register (incident, number, kind, at, "by", staff, facts, digest, entry)
    values (of_incident, of_number, 1, written, heard.name, heard.staff, said, of_digest, of_entry);
end $$;

-- The file of a batch of letters is taken, by one: by another after her only where `again` says that she knows. False where it
-- is not to be taken, or is posted.
create or replace function notice.take_batch(of_audience bigint, of_batch integer, taken timestamptz, taken_by text,
    again boolean) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update notice.letter_batch b set taken_at = taken, taken_by = take_batch.taken_by
    where b.audience = of_audience and b.number = of_batch and b.posted_at is null and (again or b.taken_at is null);
    return found;
end $$;

-- A batch of letters is posted: its letters that still wait with it are posted with it. Gives how many; null when it was
-- posted already, or is not there.
create or replace function notice.post_batch(of_audience bigint, of_batch integer, posted timestamptz, posted_by text)
    returns integer language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare gone integer;
begin
    update notice.letter_batch b set posted_at = posted, posted_by = post_batch.posted_by
    where b.audience = of_audience and b.number = of_batch and b.posted_at is null;
    if not found then
        return null;
    end if;
    with those as (
        update notice.item i set state = 6 where i.audience = of_audience and i.batch = of_batch and i.state = 5
        returning i.number)
    insert into notice.step (audience, item, at, step, code) select of_audience, number, posted, 9, '' from those;
    get diagnostics gone = row_count;
    return gone;
end $$;

-- How many of those that an audience has as told already (reason 9) are told no longer: a message came back (step 7) or a
-- letter (10) since it was frozen. A count: whoever counts need not read of whom.
create or replace function notice.come_back(of_audience bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(distinct (p.person, p.insurer, p.cohort))
    from notice.audience a
    join notice.audience b on b.incident = a.incident and b.id <> a.id
    join notice.step s on s.audience = b.id and s.step in (7, 10) and s.at > a.frozen_at
    join notice.item_pair q on q.audience = s.audience and q.item = s.item
    join notice.item_pair p on p.audience = a.id and p.why = 9
        and (p.person, p.insurer, p.cohort) = (q.person, q.insurer, q.cohort)
    where a.id = of_audience
$$;

-- In one commit: what came of one item (`ended`, or null), and that the attempt of another begins (`begun`, or null).
-- False when the other is not to be tried: it stands elsewhere by now, somebody stopped the messages, an authority asked
-- for persons to be told later, the incident proved to be no breach, or another audience is frozen or being frozen. A sender
-- keeps freezing away by a lock of its session, which may be lost while its lanes go on: this is what they ask each time.
create or replace function notice.advance(
    of_audience bigint, of_incident bigint, at timestamptz, ended integer, ended_step smallint, ended_code text,
    ended_state smallint, ended_why smallint, ended_due timestamptz, ended_from smallint[], begun integer,
    begun_step smallint, begun_from smallint) returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
declare moved boolean := true;
begin
    if ended is not null then
        update notice.item i set state = ended_state, why = ended_why, due = ended_due
        where i.audience = of_audience and i.number = ended and i.state = any(ended_from);
        moved := found;
        if moved then
            insert into notice.step (audience, item, at, step, code)
            values (of_audience, ended, advance.at, ended_step, ended_code);
        end if;
    end if;
    if begun is not null and not pg_try_advisory_xact_lock_shared(hashtextextended('tierce-audience', of_incident)) then
        return false;
    end if;
    if begun is not null then
        update notice.item i set state = 2, attempts = i.attempts + 1
        where i.audience = of_audience and i.number = begun and i.state = begun_from
          and not exists (select 1 from notice.stop s where s.incident = of_incident and s.lifted_at is null)
          and not exists (select 1 from incident.secrecy y where y.incident = of_incident and y.until > now())
          and not exists (select 1 from incident.incident n where n.id = of_incident and n.dismissed_at is not null)
          and of_audience = (select a.id from notice.audience a where a.incident = of_incident
                             order by a.frozen_at desc, a.entry desc limit 1);
        moved := found;
        if moved then
            insert into notice.step (audience, item, at, step, code)
            values (of_audience, begun, advance.at, begun_step, '');
        end if;
    end if;
    return moved;
end $$;
