-- What upkeep reads and does beyond retention: how far the sequencer is behind, which versions of a data key are still
-- in use, and the end of one that no record needs.

-- Journal lines written and not yet under a checkpoint, the age in seconds of the oldest of them and of the last
-- checkpoint (null when there is none), and the last checkpoint's size. Looks at what came after that checkpoint alone.
create or replace function upkeep.waiting(out lines bigint, out oldest_seconds double precision,
    out checkpoint_seconds double precision, out size bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with last as (select size, at, seen from journal.checkpoint order by size desc limit 1),
    open_blocks as (
        select b.at, b.n from journal.unplaced(coalesce((select seen from last), '2:2:'), 100000) u
        join journal.batch b on b.block = u.block)
    select coalesce((select sum(n) from open_blocks), 0)::bigint,
           (select extract(epoch from now() - min(at)) from open_blocks)::double precision,
           (select extract(epoch from now() - at) from last)::double precision,
           coalesce((select size from last), 0)
$$;

-- The sign of life of `notices`, whose role writes no other process's: a captured one cannot say that the worker lives.
drop function if exists upkeep.notices_live(text, bigint);   -- an earlier shape did not say that a turn failed
drop function if exists upkeep.notices_live(text, bigint, boolean);   -- an earlier shape did not say what of it
create or replace function upkeep.notices_live(of_version text, of_turns bigint, of_failing text[]) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into upkeep.heartbeat as h (process, started, at, version, turns, waiting, failing)
    select 'notices', now(), now(), of_version, of_turns, 0,
           coalesce((select array_agg(left(f, 40) order by f) from unnest(of_failing[1:100]) f), '{}')
    on conflict (process) do update set
        started = case when excluded.turns < h.turns then now() else h.started end,
        at = now(), version = excluded.version, turns = excluded.turns, failing = excluded.failing
$$;

-- That a job of a timer ended well: for roles that write no process's sign of life.
create or replace function upkeep.job_ended(of_job text, of_version text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into upkeep.heartbeat (process, started, at, version, turns, waiting)
    select of_job, now(), now(), of_version, 0, 0 where of_job in ('backup', 'retention', 'seal', 'base')
    on conflict (process) do update set started = now(), at = now(), version = excluded.version
$$;

-- How many records of an insurer and compartment are sealed under each version of its data key.
create or replace function upkeep.keys_in_use(of_insurer smallint, of_compartment smallint)
    returns table (version integer, records bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select get_byte(s.sealed, 1), count(*) from (
        select sealed from person.record where of_compartment = 1 and insurer = of_insurer
        union all
        select sealed from coverage.coverage where of_compartment = 2 and insurer = of_insurer
        union all
        select sealed from coverage.answered where of_compartment = 2 and insurer = of_insurer) s
    group by 1
$$;

-- Destroys one version of a data key, once no record is sealed under it and a later one exists. A key of contact data lent is
-- one loan's, and ends with it (contact.forget).
create or replace function upkeep.drop_key(of_insurer smallint, of_compartment smallint, of_version smallint)
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if of_compartment is distinct from 1 and of_compartment is distinct from 2 then
        raise exception 'keys of this compartment are not destroyed here' using errcode = 'check_violation';
    end if;
    if exists (select from registry.feed where kind = 'rights' and state = 'running') then   -- no other file seals anything
        raise exception 'a file is being taken in: destroy the old key once it has ended' using errcode = 'check_violation';
    end if;
    -- An insurer that is asked on the way has no file: what it answers is sealed by `api`, whose workers read the keys again each minute.
    if of_compartment = 2 and exists (select from registry.remote r where r.insurer = of_insurer
                                      and coalesce(r.ended, now()) > now() - interval '10 minutes')
       and not exists (select from registry.insurer_key k where k.insurer = of_insurer and k.compartment = of_compartment
                       and k.version > of_version and k.made <= now() - interval '10 minutes') then
        raise exception 'this insurer is asked on the way: destroy the old key ten minutes after the new one was made'
            using errcode = 'check_violation', constraint = 'asked_on_the_way';
    end if;
    if exists (select from upkeep.keys_in_use(of_insurer, of_compartment) u where u.version = of_version) then
        raise exception 'records are still sealed under this version' using errcode = 'check_violation';
    end if;
    if not exists (select from registry.insurer_key k where k.insurer = of_insurer
                   and k.compartment = of_compartment and k.version > of_version) then
        raise exception 'the latest version of a key is not destroyed' using errcode = 'check_violation';
    end if;
    delete from registry.insurer_key where insurer = of_insurer and compartment = of_compartment and version = of_version;
end $$;

-- Frees the name of a signing instance whose key is to be replaced: its lines keep their number and still verify.
create or replace function upkeep.retire_instance(old_name text) returns smallint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    update journal.instance
    set name = old_name || ' until ' || to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    where name = old_name returning id
$$;
