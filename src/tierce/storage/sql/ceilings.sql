-- How many people are shown in a day, counted with the journal's own lines: a line is committed before anybody is shown, so
-- no rollback takes a count back. Values are policy/floors.py's, written at each upgrade.

-- By the clock, not by the transaction's: one that was begun before midnight is of no other day than the rest.
create or replace function gate.day_start() returns timestamptz language sql volatile as
$$ select date_trunc('day', clock_timestamp() at time zone 'Europe/Paris') at time zone 'Europe/Paris' $$;

-- Counts the lines of one batch that show somebody, in the transaction that writes them: lines and counts are committed or
-- lost together. A day never goes back: what began before midnight counts for the day in which another wrote already.
--
-- The first sixteen slots of a scope count days. The office's next thirty-two count stretches of ten minutes, even and odd ones
-- apart, so that a stretch and the one before it are both there: a line shows nobody once it is ten minutes old, and whoever
-- hoards lines, or waits for a boundary, is counted all the same.
create or replace function gate.this_stretch() returns integer language sql volatile as
$$ select floor(extract(epoch from clock_timestamp()) / 600)::integer $$;

create or replace function gate.count_shown(bodies bytea[]) returns void language plpgsql as $$
declare stretch constant integer := gate.this_stretch();
begin
    insert into gate.shown as s (scope, slot, day, n)
    select l.scope, pg_backend_pid() % 16, gate.today(), count(*)
    from (select case when get_byte(b, 1) = 14 then 'persons' else 'office' end as scope from unnest(bodies) b
          where get_byte(b, 1) in (5, 6, 14) and journal.u64(b, 80) <> 0) l   -- journal.append: 14 so is persons' alone
    group by l.scope order by l.scope
    on conflict (scope, slot) do update set day = greatest(s.day, excluded.day),
        n = case when excluded.day > s.day then excluded.n else s.n + excluded.n end;
    insert into gate.shown as s (scope, slot, day, n)
    select 'office', 16 + stretch % 2 * 16 + pg_backend_pid() % 16, stretch, count(*) from unnest(bodies) b
    where get_byte(b, 1) in (5, 6) and journal.u64(b, 80) <> 0 having count(*) > 0
    on conflict (scope, slot) do update set day = greatest(s.day, excluded.day),
        n = case when excluded.day > s.day then excluded.n else s.n + excluded.n end;
end $$;

-- Raises when more than the ceiling's lines were written today: by one member of staff, by the office as a whole, or by
-- the persons' space as it opened people. One member's few lines are read; the others' are counted as they are written.
-- What is read is read by lines of today alone (gate.staff_reveal, presence.is_open), so that lines hoarded past a day's
-- ceiling are worth nothing on the next.
create or replace function gate.insist_below(of_scope text, by_staff bigint) returns void language plpgsql as $$
declare
    most integer := (select per_day from gate.shown_ceiling where scope = of_scope);
    one_too_many bigint;
    over boolean;
begin
    if of_scope = 'staff' then
        select e.seq into one_too_many from journal.entry e
        where e.professional = by_staff and e.kind in (5, 6) and e.person <> 0
        order by e.seq desc offset most limit 1;
        over := exists (select from journal.batch b
                        where b.block = one_too_many >> 8 and b.at >= gate.day_start());
    else
        over := (select sum(s.n) from gate.shown s
                 where s.scope = of_scope and s.slot < 16 and s.day >= gate.this_day()) > most;
    end if;
    if of_scope = 'office' and (select sum(s.n) from gate.shown s
                                where s.scope = 'office' and s.slot >= 16 and s.day >= gate.this_stretch() - 1) > 400 then
        raise exception 'the ceiling of people shown in ten minutes is reached (office)'
            using errcode = 'configuration_limit_exceeded';
    end if;
    if most is null or over then
        raise exception 'the ceiling of people shown in a day is reached (%)', of_scope
            using errcode = 'program_limit_exceeded';
    end if;
end $$;
