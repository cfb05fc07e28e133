-- The insurers' site on requests of persons (insurers/requests): those that were sent on to its own insurer, through the
-- session's handle, after a committed line (act 165). Who asks is told by a slip encrypted to the insurer's key alone.

create or replace function notice.own_requests(session_handle bytea, line bigint)
    returns table (request bigint, kind text, subject text, made timestamptz, due timestamptz, forwarded timestamptz,
                   answered timestamptz, outcome text, replied timestamptz, replied_by text, slip boolean)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select q.id, q.kind, q.subject, q.made, q.due, q.forwarded, q.answered, r.outcome, r.at, r.name,
        exists (select from notice.request_slip s where s.request = q.id and s.insurer = own.id)
    from access.journalled_insurer(session_handle, line, 165) own(id)
    join notice.rights_request q on own.id = any(q.insurers) and q.forwarded is not null
    left join notice.request_reply r on r.request = q.id and r.insurer = own.id
    -- What waits for its answer first: those that the office answered alone grow for years, and would fill the page.
    order by r.at is not null or q.answered is not null, q.due limit 200
$$;

create or replace function notice.take_slip(session_handle bytea, line bigint, of_request bigint) returns bytea
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select s.sealed from access.journalled_insurer(session_handle, line, 165) own(id)
    join notice.request_slip s on s.insurer = own.id and s.request = of_request
$$;

-- Keeps the insurer's answer, once: false when there is none of its own to answer, or it was answered.
create or replace function notice.reply_request(session_handle bytea, line bigint, of_request bigint, word text)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own smallint := access.journalled_insurer(session_handle, line, 165);
    who record := access.insurer_staff(session_handle);
begin
    insert into notice.request_reply (request, insurer, outcome, staff, name, entry)
    select q.id, own, word, who.staff, who.name, line from notice.rights_request q
    where q.id = of_request and own = any(q.insurers) and q.forwarded is not null and q.answered is null
      and (q.kind, word) in (('access', 'sent'), ('correction', 'corrected'), ('correction', 'exact'),
                             ('erasure', 'erased'), ('erasure', 'kept'))
    on conflict do nothing;
    return found;
end $$;

-- notices: requests sent on to an insurer that registered a key, without their slip yet, with her sealed cover there.
create or replace function notice.slips_to_make(at_most integer)
    returns table (request bigint, kind text, subject text, made timestamptz, due timestamptz, person bigint,
                   insurer smallint, recipient_id bigint, recipient text, sealed bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select q.id, q.kind, q.subject, q.made, q.due, q.person, i.id, k.id, k.recipient, c.sealed
    from notice.rights_request q
    cross join unnest(q.insurers) i(id)
    join lateral (select r.id, r.recipient from notice.recipient r
                  where r.insurer = i.id and r.vouched_at is not null order by r.vouched_at desc limit 1) k on true
    left join lateral (select v.sealed from coverage.coverage v where v.person = q.person and v.insurer = i.id
                       order by v.from_day desc limit 1) c on true
    where q.forwarded is not null and q.answered is null
      and not exists (select from notice.request_slip s where s.request = q.id and s.insurer = i.id)
    order by q.due, q.id, i.id limit at_most
$$;
