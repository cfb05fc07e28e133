-- The messages that left for her (persons/letters), through the session whose handle she holds: her own pairs alone. Where
-- the reader represents her, that it left and nothing else: its text may be about others too. The text is the one that two
-- people had approved when it was written; whom else the audience held is told to nobody.
drop function if exists notice.own_messages(bytea);   -- an earlier shape had another day for the reference
create or replace function notice.own_messages(session_handle bytea)
    returns table (audience bigint, item integer, incident bigint, day date, language text, channel smallint,
        left_at timestamptz, represented boolean, digest bytea, facts text, person bigint, insurer smallint, cohort text,
        insurer_name text, categories integer, first_at timestamptz, last_at timestamptz, entries integer)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare her bigint := gate.person_of(session_handle);
begin
    return query
    select i.audience, i.number, a.incident, n.day, i.language,
        (case i.state when 6 then 2 else 1 end)::smallint, s.left_at, i.represented, m.digest, m.facts::text,
        p.person, p.insurer, p.cohort, r.name, x.categories, x.first_at, x.last_at, x.entries
    from notice.item_pair p
    join notice.item i on i.audience = p.audience and i.number = p.item and i.state in (3, 6)
    join notice.audience a on a.id = i.audience
    join incident.incident n on n.id = a.incident
    join lateral (
        select max(t.at) filter (where t.step in (2, 6, 9)) as left_at,
               max(t.at) filter (where t.step = any(case i.state when 6 then array[8] else array[1, 5] end)) as written_at
        from notice.step t where t.audience = i.audience and t.item = i.number) s on s.left_at is not null
    left join lateral (
        select k.digest, k.facts from notice.message k
        where not i.represented and k.incident = a.incident and k.at <= s.written_at
          and (select count(distinct v.staff) from notice.approval v
               where v.audience = a.id and v.audience_digest = a.digest and v.text_digest = k.digest
                 and v.at <= s.written_at) >= 2
        order by k.at desc limit 1) m on true
    left join incident.exposed x on not i.represented and x.incident = a.incident and x.revision = a.revision
        and x.person = p.person and x.insurer = p.insurer
    left join registry.insurer r on r.id = p.insurer
    where p.person = her and her <> 0 and p.insurer <> 0 and p.cohort <> 'professionals'
      and (i.represented or i.person = her);
end $$;
