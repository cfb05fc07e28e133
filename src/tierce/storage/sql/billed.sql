-- Care billed in her name (persons/billed), through the session whose handle she holds. A holder, a parent or a spouse has
-- no function here: each invoice is of the person cared for alone.

-- What peers report has a day and a place; what the place sent here itself (care.invoice) has its domain and amounts too, where it
-- stands, and its number written as that of the others.
create or replace function care.shown_as(invoice bigint) returns uuid language sql immutable as $$
    select lpad(to_hex(invoice), 32, '0')::uuid
$$;
drop function if exists notice.own_billed(bytea, integer);   -- an earlier shape gave no reason
create or replace function notice.own_billed(session_handle bytea, at_most integer)
    returns table (id uuid, establishment bigint, care_day integer, at timestamptz, asked boolean, withdrawn timestamptz,
                   domain smallint, state smallint, price integer, amo integer, claimed integer, due integer, recovered bigint,
                   reason smallint, reported timestamptz, answer text, answered timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query
    select o.id, o.establishment, o.care_day, o.at, o.asked, o.withdrawn, o.domain, o.state, o.price, o.amo, o.claimed, o.due,
           coalesce((select bank.told_of(y.id) from bank.recovery y
                     where y.invoice = o.invoice and (y.approved is not null or y.cancelled is null)), 0),
           o.reason, r.at, r.answer, r.answered
    from (
        select b.id, null::bigint as invoice, b.establishment, b.care_day, b.at, b.asked, b.withdrawn,
               null::smallint as domain, null::smallint as state, null::integer as price, null::integer as amo,
               null::integer as claimed, null::integer as due, null::smallint as reason
        from care.billed b where b.person = her and her <> 0
        union all
        select care.shown_as(i.id), i.id, i.establishment, i.care_day, i.at, true, i.cancelled, i.domain, i.state, i.price, i.amo,
               i.asked, case when i.state not in (1, 4) then i.due end, i.reason
        from care.invoice i where i.person = her and her <> 0) o
    left join notice.person_report r
        on r.person = her and case when o.invoice is null then r.billed = o.id else r.invoice = o.invoice end
    order by o.care_day desc, o.at desc limit least(at_most, 200);
end $$;

-- "It was not me" to one invoice: 0 kept, 1 it was before, 2 not hers. It is a report of the newest ask about her at that
-- place near that day too, unless she said so of that ask already: the watch counts it once, as it counts every report.
create or replace function notice.report_billed(session_handle bytea, new_id bigint, which uuid) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    her bigint := gate.person_of(session_handle);
    one record;
    ask bigint;
begin
    select b.establishment, b.care_day, null::bigint as invoice, null::bigint as engagement into one
    from care.billed b where b.id = which and b.person = her and her <> 0 for update;
    if not found then
        select i.establishment, i.care_day, i.id as invoice, coalesce(i.engagement, a.engagement) as engagement into one
        from care.invoice i left join care.agreement a on a.id = i.agreement
        where i.person = her and her <> 0 and care.shown_as(i.id) = which;
    end if;
    if not found then
        return 2;
    end if;
    -- What the place sent itself quotes the ask: that one, and no other.
    select e.seq into ask from journal.entry e
    where e.person = her and e.person <> 0 and e.kind in (1, 2, 3) and journal.u64(e.body, 24) = one.establishment
      and (one.engagement is null or e.seq = one.engagement)
      and (one.engagement is not null or (to_timestamp(journal.u64(e.body, 8) / 1e6) at time zone 'Europe/Paris')::date - date '1970-01-01'
          between one.care_day - 31 and one.care_day + 31)
      and not exists (select from notice.person_report r where r.person = her and r.seq = e.seq)
    order by e.seq desc limit 1;
    insert into notice.person_report (id, person, seq, billed, invoice, at)
    values (new_id, her, ask, case when one.invoice is null then which end, one.invoice, now())
    on conflict do nothing;
    return case when found then 0 else 1 end;
end $$;

-- Prior agreements asked in her name, the newest first. `ask` is the look-up that it quotes: "it was not me" is of that one, and is
-- kept as every such answer is (notice.report_own).
drop function if exists notice.own_agreements(bytea, integer);   -- an earlier shape gave no reason
create or replace function notice.own_agreements(session_handle bytea, at_most integer)
    returns table (id bigint, ask bigint, establishment bigint, kind smallint, at timestamptz, domain smallint, state smallint,
                   asked integer, due integer, until_day integer, ended timestamptz, documents_by integer, reason smallint,
                   reported timestamptz, answer text, answered timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query
    select a.id, a.engagement, a.establishment, a.kind, a.at, a.domain, a.state, a.asked,
           case when a.state in (2, 3, 5, 6, 9) then a.due end, care.last_day(a), a.ended,
           a.documents_by, a.reason, r.at, r.answer, r.answered
    from care.agreement a left join notice.person_report r on r.person = her and r.seq = a.engagement
    where a.person = her and her <> 0 order by a.at desc, a.id limit least(at_most, 200);
end $$;

-- What was declared for them, each declaration: its kind, day, prescriber and digest, who declared it, and when.
create or replace function notice.own_documents(session_handle bytea)
    returns table (agreement bigint, kind smallint, dated integer, prescriber bigint, digest bytea, professional bigint, at timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare her bigint := gate.person_of(session_handle);
begin
    return query
    select d.agreement, d.kind, d.dated, d.prescriber, d.digest, d.professional, d.at
    from (select a.id from care.agreement a where a.person = her and her <> 0 order by a.at desc, a.id limit 200) a
    join care.agreement_document d on d.agreement = a.id order by d.agreement, d.n;
end $$;
