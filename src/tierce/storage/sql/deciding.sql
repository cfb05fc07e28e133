-- What process `billing` may know of a person to decide an invoice (billing/deciding, docs/adr/0097): the sealed cover of one
-- insurer, of a person in whose name an invoice waits, and nothing once it is decided.

-- The period of cover by which a waiting invoice is priced: of those that began by the day of care the last, one with the
-- domain first. It may have been closed since: what the invoice quotes guarantees the payment all the same.
create or replace function care.cover_of_waiting(of_invoice bigint)
    returns table (person bigint, insurer smallint, from_day integer, sealed bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select v.person, v.insurer, v.from_day, v.sealed
    from care.invoice i
    join coverage.coverage v on v.person = i.person and v.insurer = i.insurer and v.from_day <= i.care_day
    where i.id = of_invoice and i.state = 1
    order by v.domains & (1 << (i.domain - 1)) <> 0 desc, v.from_day desc limit 1
$$;

-- The day on which an insurer's contract with the operator ended; null while it goes on.
create or replace function registry.contract_ended(of_insurer smallint) returns integer
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (e.ended at time zone 'Europe/Paris')::date - date '1970-01-01'
    from registry.ending e where e.insurer = of_insurer and e.resumed is null
$$;

-- That `billing` lives, how many invoices wait, and what its last turn could not decide.
create or replace function upkeep.billing_lives(of_version text, of_turns bigint, of_failing text[]) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into upkeep.heartbeat as h (process, started, at, version, turns, waiting, failing)
    select 'billing', now(), now(), of_version, of_turns, (select count(*) from care.invoice i where i.state = 1), of_failing
    on conflict (process) do update set
        started = case when excluded.turns < h.turns then now() else h.started end,
        at = now(), version = excluded.version, turns = excluded.turns, waiting = excluded.waiting,
        failing = excluded.failing
$$;

-- How long the invoice that waits longest has waited, in seconds; null when none does. For whoever looks after the machine.
create or replace function upkeep.oldest_invoice() returns double precision
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select extract(epoch from now() - min(i.at))::double precision from care.invoice i where i.state = 1
$$;
