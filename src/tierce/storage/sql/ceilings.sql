-- How many people are shown in a day, counted on the journal itself: a line is committed before anybody is shown, so no
-- rollback takes a count back. Values are policy/floors.py's, written at each upgrade.

create or replace function gate.day_start() returns timestamptz language sql stable as
$$ select date_trunc('day', now() at time zone 'Europe/Paris') at time zone 'Europe/Paris' $$;

-- Raises when more than the ceiling's lines were written today: by one member of staff, by the office as a whole, or by
-- the persons' space as it opened people. Reads at most that many lines, whatever the journal's length.
create or replace function gate.insist_below(of_scope text, by_staff bigint) returns void language plpgsql as $$
declare
    most integer := (select per_day from gate.shown_ceiling where scope = of_scope);
    one_too_many bigint;
begin
    if of_scope = 'staff' then
        select e.seq into one_too_many from journal.entry e
        where e.professional = by_staff and e.kind in (5, 6) and e.person <> 0
        order by e.seq desc offset most limit 1;
    elsif of_scope = 'office' then
        select e.seq into one_too_many from journal.entry e
        where e.kind in (5, 6) and e.person <> 0 order by e.seq desc offset most limit 1;
    else
        select e.seq into one_too_many from journal.entry e
        where e.kind = 14 and e.person <> 0 order by e.seq desc offset most limit 1;
    end if;
    if most is null or exists (select from journal.batch b
                               where b.block = one_too_many >> 8 and b.at >= gate.day_start()) then
        raise exception 'the ceiling of people shown in a day is reached (%)', of_scope
            using errcode = 'program_limit_exceeded';
    end if;
end $$;
