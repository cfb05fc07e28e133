-- The insurers' site on incidents: its notice, its list, its reports, its key; each through the session's handle, of its
-- own insurer alone, and after a committed line that says what is read or done.

-- The insurer of a live session, once a committed line of the last two minutes says that it does this act.
create or replace function access.journalled_insurer(session_handle bytea, line bigint, of_act integer) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare live record := access.live_insurer(session_handle);
begin
    perform gate.insist_durable();
    if not exists (
        select from journal.entry e
        where e.seq = line and e.kind = 16 and get_byte(e.body, 2) = of_act
          and journal.u64(e.body, 32) = live.session and journal.u16(e.body, 60) = live.insurer
          and abs(journal.u64(e.body, 8) - extract(epoch from clock_timestamp()) * 1e6) < 120e6
          and e.tx is distinct from pg_current_xact_id_if_assigned()) then
        raise exception 'no committed line says who reads this' using errcode = 'insufficient_privilege';
    end if;
    return live.insurer;
end $$;

create or replace function access.insurer_staff(session_handle bytea, out session bigint, out staff bigint, out name text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.id, s.staff, s.name from access.insurer_session s
    where s.handle = session_handle and s.revoked is null and s.expires > now()
$$;

-- Every notice that left for its own staff, the newest first; a test has incident 0. With each, since when the operator holds
-- that it was no breach: what was told stays, and so does that it was taken back.
drop function if exists notice.own_notices(bytea, bigint);   -- an earlier shape did not say so
create or replace function notice.own_notices(session_handle bytea, line bigint)
    returns table (incident bigint, revision smallint, kind smallint, dismissed_at timestamptz, persons bigint, document text,
                   draft text, left_at timestamptz, acknowledged_at timestamptz, acknowledged_by text, mandate smallint)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select w.incident, w.revision, w.kind, i.dismissed_at, coalesce(n.persons, 0), n.document, n.draft, w.due_at, a.at, a.name,
        (select m.kind from notice.mandate m where m.insurer = w.insurer
           and (now() at time zone 'Europe/Paris')::date between m.from_day and coalesce(m.until_day, 'infinity')
         order by m.from_day desc, m.written_at desc limit 1)
    from access.journalled_insurer(session_handle, line, 205) own(id)
    join notice.warning w on w.insurer = own.id and w.step = 1
    left join notice.insurer_notice n using (incident, revision, insurer)
    left join incident.incident i on i.id = w.incident
    left join notice.acknowledgement a using (incident, revision, insurer)
    order by w.due_at desc, w.revision desc
$$;

-- Acknowledges a notice and every earlier one of its incident; how many were not acknowledged yet.
create or replace function notice.acknowledge(session_handle bytea, line bigint, of_incident bigint, of_revision integer)
    returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own smallint := access.journalled_insurer(session_handle, line, 206);
    who record := access.insurer_staff(session_handle);
    added bigint;
begin
    insert into notice.acknowledgement (incident, revision, insurer, at, staff, name, entry)
    select w.incident, w.revision, w.insurer, now(), who.staff, who.name, line from notice.warning w
    where w.insurer = own and w.step = 1 and w.incident = of_incident and w.revision <= of_revision
    on conflict do nothing;
    get diagnostics added = row_count;
    return added;
end $$;

create or replace function notice.own_chain(session_handle bytea)
    returns table ("position" smallint, name text, role text, email text, phone text, tested_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.position, c.name, c.role, c.email, c.phone,
        (select max(a.at) from notice.warning w join notice.acknowledgement a using (incident, revision, insurer)
         where w.contact = c.id and w.kind = 3)
    from access.live_insurer(session_handle) l join notice.contact_point c on c.insurer = l.insurer
    where c.ended_at is null order by c.position
$$;

create or replace function notice.own_hand_overs(session_handle bytea)
    returns table (id bigint, incident bigint, revision smallint, records bigint, bytes bigint, sha256 bytea, digest bytea,
                   recipient text, made_at timestamptz, pieces bigint, taken_at timestamptz, taken_by text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select h.id, h.incident, h.revision, h.records, h.bytes, h.sha256, h.digest, r.recipient, h.made_at,
        (select count(*) from notice.hand_over_piece p where p.hand_over = h.id), t.at, t.name
    from access.live_insurer(session_handle) l join notice.hand_over h on h.insurer = l.insurer
    join notice.recipient r on r.id = h.recipient
    left join lateral (select k.at, k.name from notice.taken k where k.hand_over = h.id order by k.at limit 1) t on true
    order by h.made_at desc
$$;

-- Says that this session takes a list; its pieces are given to it from then on.
create or replace function notice.take(session_handle bytea, line bigint, of_hand_over bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own smallint := access.journalled_insurer(session_handle, line, 207);
    who record := access.insurer_staff(session_handle);
begin
    insert into notice.taken (hand_over, session, name, at, entry)
    select h.id, who.session, who.name, now(), line from notice.hand_over h where h.id = of_hand_over and h.insurer = own
    on conflict do nothing;
    return exists (select from notice.taken t join notice.hand_over h on h.id = t.hand_over
                   where t.hand_over = of_hand_over and t.session = who.session and h.insurer = own);
end $$;

create or replace function notice.piece(session_handle bytea, of_hand_over bigint, number integer) returns bytea
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.sealed from access.live_insurer(session_handle) l
    join notice.hand_over h on h.insurer = l.insurer and h.id = of_hand_over
    join notice.taken t on t.hand_over = h.id and t.session = l.session
    join notice.hand_over_piece p on p.hand_over = h.id and p.n = number
$$;

create or replace function notice.own_reports(session_handle bytea)
    returns table (incident bigint, revision smallint, matched bigint, minors bigint, deceased bigint, ambiguous bigint,
                   not_found bigint, unexplained text[], told bigint, at timestamptz, name text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.incident, r.revision, r.matched, r.minors, r.deceased, r.ambiguous, r.not_found, r.unexplained,
        (select coalesce(sum(t.people), 0)::bigint from notice.told_count t where t.report = r.id), r.at, r.name
    from access.live_insurer(session_handle) l join notice.report r on r.insurer = l.insurer
    order by r.at desc
$$;

-- Takes a report in, for the newest list handed over of that incident; its counts add up to that list or it is refused.
create or replace function notice.report_in(session_handle bytea, line bigint, new_id bigint, of_incident bigint,
    counts bigint[], unexplained text[], channels text[], hours timestamptz[], people bigint[]) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own smallint := access.journalled_insurer(session_handle, line, 208);
    who record := access.insurer_staff(session_handle);
    slice record;
begin
    select h.revision, h.records into slice from notice.hand_over h
    where h.insurer = own and h.incident = of_incident order by h.revision desc, h.made_at desc limit 1;
    if slice.revision is null then
        return null;
    end if;
    if cardinality(counts) is distinct from 5 or array_position(counts, null) is not null
       or (select sum(c) from unnest(counts) c) + cardinality(unexplained) is distinct from slice.records then
        raise exception 'the counts do not add up to the list' using errcode = 'check_violation';
    end if;
    if (select coalesce(sum(p), 0) from unnest(people) p) > counts[1] + counts[2] then
        raise exception 'more people told than matched' using errcode = 'check_violation';
    end if;
    insert into notice.report (id, incident, revision, insurer, matched, minors, deceased, ambiguous, not_found,
        unexplained, at, staff, name, entry)
    values (new_id, of_incident, slice.revision, own, counts[1], counts[2], counts[3], counts[4], counts[5],
        report_in.unexplained, now(), who.staff, who.name, line);
    insert into notice.told_count (report, channel, hour, people)
    select new_id, c, h, p from unnest(channels, hours, people) u(c, h, p);
    return slice.records;
end $$;

drop function if exists notice.own_recipients(bytea);   -- an earlier shape told less
create or replace function notice.own_recipients(session_handle bytea)
    returns table (id bigint, recipient text, proposed_by bigint, proposed_name text, proposed_at timestamptz,
                   proved_at timestamptz, confirmed_name text, confirmed_at timestamptz, vouched_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.id, r.recipient, r.proposed_by, r.proposed_name, r.proposed_at, r.proved_at, r.confirmed_name, r.confirmed_at,
        r.vouched_at
    from access.live_insurer(session_handle) l join notice.recipient r on r.insurer = l.insurer
    order by r.proposed_at desc limit 20
$$;

create or replace function notice.propose_recipient(session_handle bytea, line bigint, new_id bigint, key text,
    challenge_sha256 bytea) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own smallint := access.journalled_insurer(session_handle, line, 209);
    who record := access.insurer_staff(session_handle);
begin
    insert into notice.recipient (id, insurer, recipient, challenge, proposed_by, proposed_name, proposed_at)
    values (new_id, own, key, challenge_sha256, who.staff, who.name, now());
end $$;

-- What was encrypted to the key, read back: true once, when it is right.
create or replace function notice.prove_recipient(session_handle bytea, of_recipient bigint, answer bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare live record := access.live_insurer(session_handle);
begin
    update notice.recipient r set proved_at = now()
    where r.id = of_recipient and r.insurer = live.insurer and r.proved_at is null and r.challenge = sha256(answer);
    return found;
end $$;

-- Another member of staff of the same insurer confirms a proved key; lists are encrypted to it once the operator's own staff
-- vouch for it (tierce_office alone may write that).
create or replace function notice.confirm_recipient(session_handle bytea, line bigint, of_recipient bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own smallint := access.journalled_insurer(session_handle, line, 209);
    who record := access.insurer_staff(session_handle);
begin
    update notice.recipient r set confirmed_by = who.staff, confirmed_name = who.name, confirmed_at = now()
    where r.id = of_recipient and r.insurer = own and r.proved_at is not null and r.confirmed_at is null
      and r.proposed_by <> who.staff;
    return found;
end $$;
