-- The queue of what nothing explains, by account: counted in turn by the worker, so that a page reads it by an index.
alter table access.unexplained add column declared boolean not null default false;   -- grade C: the asker's software says so
create table access.overdue (
    professional      bigint primary key,
    answers           integer not null default 0,   -- past the usual delay, of thirty days, that nothing explains
    declared          integer not null default 0,   -- of these, for which certified software declared a reading
    score             real not null default 0,      -- policy.overdue.score_of
    newest            bigint,                       -- the last of them
    counted           timestamptz not null default '-infinity'
) with (fillfactor = 70);
create index overdue_first on access.overdue (score desc, professional) where answers > 0;
create index overdue_declared on access.overdue (score desc, professional) where declared > 0;
create index overdue_counted on access.overdue (counted);
create table access.unexplained_day (               -- the chart, which must not read millions of answers
    day       integer not null,
    declared  boolean not null,
    answers   bigint not null,
    explained bigint not null default 0,
    primary key (day, declared)
);
insert into access.overdue (professional) select distinct professional from access.unexplained;
insert into access.unexplained_day
select (at at time zone 'Europe/Paris')::date - date '1970-01-01', false, count(*), count(explained)
from access.unexplained group by 1;
create index unexplained_professional on access.unexplained (professional, at);
drop index access.unexplained_line, access.unexplained_open;
create index line_place_cell on access.line (cell) where establishment is not null;
create index line_professional on access.line (professional);   -- an account's devices
