-- What a process fails at while it goes on with the rest, by the names of its duties.
alter table upkeep.heartbeat add column failing text[] not null default '{}';

-- What a session last drew: a block and how many asks it is for. Nobody's number: each session remembers its own, whatever
-- is rolled back (gate.draw), so nothing of it is written ahead or kept over a crash.
create unlogged sequence gate.drawn minvalue 0;
