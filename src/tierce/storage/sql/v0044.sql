-- How many work with a common line, as counted last. One of many is counted by the worker, not by whoever draws from it. Until
-- it has counted, vendors and the nation, which are large or soon counted, are taken for such: a line counted before
-- yesterday is counted by a draw all the same.
alter table gate.common add column clients integer not null default 0;
update gate.common set clients = 2000 where kind in (6, 9);
