-- Her reports and requests, through the session whose handle she holds; and who has the traits that a provider vouched for.

-- Which people, three at most, have exactly these traits, by every insurer that tells of them (ADR 0069). Told before there is a line, so counted where no rollback reaches:
-- gate.linked holds the day and how many were looked for, ten million a day at most. A sign-in that finds nobody opens
-- nothing, so twice as many are told in a day as spaces may be opened. What is refused draws no number, or the refusals of a
-- day, of which there is no end, would use up the days after it.
create or replace function gate.person_by_traits(of_idx uuid) returns setof bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    begun constant bigint := gate.today()::bigint * 10000000;
    last constant bigint := begun + (select 2 * per_day from gate.shown_ceiling where scope = 'persons');
    turn bigint;
begin
    if (select l.last_value from gate.linked l) < last then
        turn := nextval('gate.linked');
    end if;
    if turn < begun then   -- the first of a day; one that comes with it is at worst not counted
        turn := setval('gate.linked', begun + 1);
    end if;
    if turn is null or turn > last then
        raise exception 'the ceiling of people looked for in a day is reached' using errcode = 'program_limit_exceeded';
    end if;
    return query select t.person from person.trait t where t.idx = of_idx and t.contested is null limit 3;
    perform gate.insist_lookup('trait');
end $$;

-- What she reported of these lines, and what she was answered.
create or replace function notice.her_reports(session_handle bytea, seqs bigint[])
    returns table (seq bigint, at timestamptz, answer text, answered timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query select r.seq, r.at, r.answer, r.answered from notice.person_report r
    where r.person = her and her <> 0 and r.seq = any(seqs);
end $$;

-- "It was not me" to one line of hers: whether it is the first time. A line that is in segments alone is nobody else's here; one
-- that is not written yet is nobody's, or whoever comes to write it would be accused.
create or replace function notice.report_own(session_handle bytea, new_id bigint, of_seq bigint, reported timestamptz)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    if her = 0 or not coalesce(
        (select e.person = her from journal.entry e where e.seq = of_seq),
        exists (select from journal.placed p where p.block = of_seq >> 8 and p.first_idx < journal.sealed_end())) then
        raise exception 'no open session has this handle, or the line is not hers' using errcode = 'insufficient_privilege';
    end if;
    insert into notice.person_report (id, person, seq, at) values (new_id, her, of_seq, least(reported, now()))
    on conflict do nothing;
    return found;
end $$;

-- Her requests, the newest first.
create or replace function notice.her_requests(session_handle bytea)
    returns table (id bigint, kind text, subject text, insurers smallint[], made timestamptz, due timestamptz,
                   forwarded timestamptz, answer text, answered timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query select q.id, q.kind, q.subject, q.insurers, q.made, q.due, q.forwarded, q.answer, q.answered
    from notice.rights_request q where q.person = her and her <> 0 order by q.made desc;
end $$;

-- What insurers answered to them.
create or replace function notice.her_replies(session_handle bytea)
    returns table (request bigint, insurer smallint, outcome text, at timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query select p.request, p.insurer, p.outcome, p.at
    from notice.rights_request q join notice.request_reply p on p.request = q.id
    where q.person = her and her <> 0 order by p.at;
end $$;

-- Keeps a request of hers, to insurers that have a copy of her record and to no other; none is made later than now, nor due
-- later than a month after (article 12(3)), whatever the process says. False, and nothing is kept, while another about the same
-- waits for its answer: looked at for one request of hers after the other, whatever her sessions. So seven wait at most, as many as
-- there is to choose from (persons/requests/model.py).
drop function if exists notice.make_request(bytea, bigint, text, text, smallint[], timestamptz, timestamptz);
create or replace function notice.make_request(
    session_handle bytea, new_id bigint, of_kind text, about text, controllers smallint[], at timestamptz,
    until timestamptz) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    her bigint := gate.person_of(session_handle);
    at_last timestamptz := least(at, now());
begin
    if her = 0 or not controllers <@ array(select r.insurer from person.record r where r.person = her) then
        raise exception 'no open session has this handle, or an insurer is not hers' using errcode = 'insufficient_privilege';
    end if;
    if coalesce((of_kind, about) not in (
            ('access', 'everything'), ('access', 'origin'), ('correction', 'name'), ('correction', 'birth'),
            ('correction', 'contract'), ('erasure', 'former'), ('erasure', 'all')), true) then
        raise exception 'no request is about that' using errcode = 'check_violation';
    end if;
    perform presence.one_at_a_time(her);
    if exists (select from notice.rights_request q where q.person = her and q.subject = about and q.answered is null) then
        return false;
    end if;
    insert into notice.rights_request (id, person, kind, subject, insurers, made, due)
    values (new_id, her, of_kind, about, controllers, at_last, least(until, at_last + interval '31 days 1 hour'));
    return true;
end $$;
