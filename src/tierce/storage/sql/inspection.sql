-- Counts for an inspector: whom an incident's messages reached, and when, without whom. Replaced at each upgrade.

-- Pairs by the minute after awareness at which each was first told: the server took the message, or the letter was posted,
-- and neither came back: of a letter that took the place of a message, its posting. A pair that is told twice counts once;
-- one that the newest list no longer has, or has with other data than she was told of, does not count: a share of those
-- exposed is not made of others. With one audience, of the newest list, each pair is there once and as the list has it: neither
-- is looked at then, for that is how thirty-three million are.
create or replace function notice.told(of_incident bigint, aware timestamptz)
    returns table (insurer smallint, cohort text, minute bigint, pairs bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    newest smallint := (select max(c.revision) from incident.scope c where c.incident = of_incident);
    ours bigint[] := array(select a.id from notice.audience a where a.incident = of_incident);
begin
    if cardinality(ours) = 1 and newest = (select a.revision from notice.audience a where a.id = ours[1]) then
        return query
        select p.insurer, p.cohort, f.minute, count(*)
        from (select i.number, min(floor(extract(epoch from s.at - aware) / 60)::bigint) as minute
              from notice.item i
              join notice.step s on s.audience = ours[1] and s.item = i.number
                and s.step = any(case i.state when 6 then array[9] else array[2, 6] end)
              where i.audience = ours[1] and i.state in (3, 6)
              group by i.number) f
        join notice.item_pair p on p.audience = ours[1] and p.item = f.number
        group by 1, 2, 3;
        return;
    end if;
    return query
    select f.insurer, f.cohort, floor(extract(epoch from f.first - aware) / 60)::bigint, count(*)
    from (select p.person, p.insurer, p.cohort, min(s.at) as first
          from notice.audience a
          join notice.item_pair p on p.audience = a.id
          join notice.item i on i.audience = a.id and i.number = p.item and i.state in (3, 6)
          join notice.step s on s.audience = a.id and s.item = i.number
            and s.step = any(case i.state when 6 then array[9] else array[2, 6] end)
          where a.incident = of_incident
            and case when p.cohort = 'professionals' then exists (
                    select from incident.exposed_professional o join incident.exposed_professional n
                      using (incident, professional, categories)
                    where o.incident = a.incident and o.revision = a.revision and o.professional = p.person
                      and n.revision = newest)
                else exists (
                    select from incident.exposed o join incident.exposed n using (incident, person, insurer, categories)
                    where o.incident = a.incident and o.revision = a.revision and o.person = p.person
                      and o.insurer = p.insurer and n.revision = newest) end
          group by p.person, p.insurer, p.cohort) f
    group by 1, 2, 3;
end $$;

-- Whom the newest audience of an incident has not told, in counts: adults to whom a message or a letter is still owed (their
-- states are given), adults whom a public notice alone reaches and whom none that came out was of, pairs told before whose
-- message or letter came back, and whether a list was made since that has anybody. A public notice is of those whom the list
-- of its own day has with the data that the newest audience has: whoever came after it was not in it.
create or replace function notice.untold(of_incident bigint, published timestamptz, owed smallint[], public smallint,
    out unfinished bigint, out waiting bigint, out come_back bigint, out newer_list boolean)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    newest record;
    announced smallint := (
        select a.revision from notice.audience a
        where a.incident = of_incident and date_trunc('minute', a.frozen_at) <= published
        order by a.frozen_at desc, a.entry desc limit 1);
    listed smallint := (select max(c.revision) from incident.scope c where c.incident = of_incident);
begin
    unfinished := 0; waiting := 0; come_back := 0; newer_list := false;
    select a.id, a.revision into newest from notice.audience a
    where a.incident = of_incident order by a.frozen_at desc, a.entry desc limit 1;
    if newest.id is null then
        return;
    end if;
    unfinished := (select count(*) from notice.item i where i.audience = newest.id and i.state = any(owed));
    waiting := (
        select count(*) from notice.item i
        where i.audience = newest.id and i.state = public and announced is distinct from newest.revision
          and (announced is null or exists (
              select from notice.item_pair p
              where p.audience = newest.id and p.item = i.number
                and case when p.cohort = 'professionals' then not exists (
                        select from incident.exposed_professional o join incident.exposed_professional n
                          using (incident, professional, categories)
                        where o.incident = of_incident and o.revision = announced and o.professional = p.person
                          and n.revision = newest.revision)
                    else not exists (
                        select from incident.exposed o join incident.exposed n
                          using (incident, person, insurer, categories)
                        where o.incident = of_incident and o.revision = announced and o.person = p.person
                          and o.insurer = p.insurer and n.revision = newest.revision) end)));
    come_back := notice.come_back(newest.id);
    newer_list := incident.last_changed(of_incident) > newest.revision and (
        exists (select from incident.exposed e where e.incident = of_incident and e.revision = listed)
        or exists (select from incident.exposed_professional e
                   where e.incident = of_incident and e.revision = listed));
end $$;
