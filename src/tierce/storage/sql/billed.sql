-- Care billed in her name (persons/billed), through the session whose handle she holds. A holder, a parent or a spouse has
-- no function here: each invoice is of the person cared for alone.

create or replace function notice.own_billed(session_handle bytea, at_most integer)
    returns table (id uuid, establishment bigint, care_day integer, at timestamptz, asked boolean, withdrawn timestamptz,
                   reported timestamptz, answer text, answered timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query
    select b.id, b.establishment, b.care_day, b.at, b.asked, b.withdrawn, r.at, r.answer, r.answered
    from care.billed b left join notice.person_report r on r.person = b.person and r.billed = b.id
    where b.person = her and her <> 0
    order by b.care_day desc, b.at desc limit least(at_most, 200);
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
    select b.establishment, b.care_day into one from care.billed b where b.id = which and b.person = her and her <> 0
    for update;
    if not found then
        return 2;
    end if;
    select e.seq into ask from journal.entry e
    where e.person = her and e.person <> 0 and e.kind in (1, 2, 3) and journal.u64(e.body, 24) = one.establishment
      and (to_timestamp(journal.u64(e.body, 8) / 1e6) at time zone 'Europe/Paris')::date - date '1970-01-01'
          between one.care_day - 31 and one.care_day + 31
      and not exists (select from notice.person_report r where r.person = her and r.seq = e.seq)
    order by e.seq desc limit 1;
    insert into notice.person_report (id, person, seq, billed, at) values (new_id, her, ask, which, now())
    on conflict do nothing;
    return case when found then 0 else 1 end;
end $$;
