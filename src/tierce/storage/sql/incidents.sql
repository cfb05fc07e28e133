-- Whose data the lists of incidents hold, one person at a time: what "am I concerned?" is answered from. No process may
-- call these of anybody it names; a function that knows whose session it is does, as the owner.

-- The newest list of each incident that is established: whether it is whole, so that whoever is not on it was not read.
create or replace function incident.lists()
    returns table (incident bigint, revision smallint, signal_at timestamptz, listed_at timestamptz, whole boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, s.revision, i.signal_at, s.at,
        s.unattributed = 0 and s.pending = 0
            and not jsonb_path_exists(s.gaps, '$[*][0] ? (@ != "never committed")')
    from incident.incident i
    cross join lateral (select * from incident.scope x where x.incident = i.id order by x.revision desc limit 1) s
    where i.aware_at is not null and i.dismissed_at is null
$$;

-- What these lists hold of one person, by incident and insurer; `confirmed` is false where the journal cannot tell. By
-- the lists' own keys, (incident, revision, person): as fast for thirty-three million people as for ten.
create or replace function incident.exposure_of(of_person bigint)
    returns table (incident bigint, revision smallint, insurer smallint, confirmed boolean, categories integer,
        first_at timestamptz, last_at timestamptz, entries bigint, listed_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.incident, l.revision, x.insurer, x.confirmed, x.categories, x.first_at, x.last_at, x.entries, l.listed_at
    from incident.lists() l
    cross join lateral (
        select e.insurer, true as confirmed, e.categories, e.first_at, e.last_at, e.entries::bigint as entries
        from incident.exposed e where (e.incident, e.revision, e.person) = (l.incident, l.revision, of_person)
        union all
        select p.insurer, false, p.categories, p.first_at, p.last_at, p.entries
        from incident.possible p where (p.incident, p.revision, p.person) = (l.incident, l.revision, of_person)) x
$$;
