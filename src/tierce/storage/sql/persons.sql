-- What a person reads of herself beside her history: through the session whose handle she holds, and nothing else.

-- Whose space a live session opens; 0 when nobody's is open. Raises once too many were opened today.
-- In plpgsql, which keeps its plan: in SQL, every page of hers would have it made again.
create or replace function gate.person_of(session_handle bytea) returns bigint
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_below('persons', null);
    return coalesce((
        select s.person from access.person_session s
        where s.handle = session_handle and s.revoked is null and s.expires > now()
          and presence.is_open(s.id, s.person)), 0);
end $$;

-- "Am I concerned?": one row or more for each incident that is established, whoever asks; an incident of which the law
-- keeps persons from being told yet has none, for anybody. `whole` is null where no list was made yet. It is answered
-- after a committed line of this question (act 220) of the last minute, and so many times in a day.
drop function if exists gate.person_concerned(bytea);   -- an earlier shape had no day of the reference
create or replace function gate.person_concerned(session_handle bytea)
    returns table (incident bigint, day date, signal_at timestamptz, listed_at timestamptz, whole boolean, insurer smallint,
        confirmed boolean, categories integer, first_at timestamptz, last_at timestamptz)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    her bigint := gate.person_of(session_handle);
    asked integer;
    fresh boolean;
begin
    select count(*), coalesce(bool_or(b.at >= now() - interval '1 minute'
                                      and e.tx is distinct from pg_current_xact_id_if_assigned()), false)
    into asked, fresh
    from (select l.seq, l.body, l.tx from journal.entry l
          where l.person = her and l.person <> 0 order by l.seq desc limit 400) e
    join journal.batch b on b.block = e.seq >> 8
    where get_byte(e.body, 1) = 13 and get_byte(e.body, 2) = 220 and b.at >= now() - interval '1 day';
    if asked > 20 then
        raise exception 'the question was asked too often today' using errcode = 'configuration_limit_exceeded';
    end if;
    if not fresh then
        return;
    end if;
    return query
    select i.id, i.day, i.signal_at, s.at,
        s.unattributed = 0 and s.pending = 0 and coalesce((s.criteria ->> 'categories')::integer, 0) = 0
            and (s.criteria ->> 'until_us')::bigint
                <= extract(epoch from s.at - interval '2 minutes') * 1000000   -- its window was over (scope.rules.is_over)
            and not jsonb_path_exists(s.gaps, '$[*][0] ? (@ != "never committed" && @ != "silent")'),
        x.insurer, x.confirmed, x.categories, x.first_at, x.last_at
    from incident.incident i
    left join lateral (select * from incident.scope c where c.incident = i.id order by c.revision desc limit 1) s on true
    left join lateral (
        select e.insurer, true as confirmed, e.categories, e.first_at, e.last_at
        from incident.exposed e where (e.incident, e.revision, e.person) = (i.id, s.revision, her)
        union all
        select p.insurer, false, p.categories, p.first_at, p.last_at
        from incident.possible p where (p.incident, p.revision, p.person) = (i.id, s.revision, her)) x on true
    where i.aware_at is not null and i.dismissed_at is null
      and not exists (select from incident.secrecy y where y.incident = i.id and y.until > now())
    order by i.signal_at desc, i.id, x.insurer;
end $$;
