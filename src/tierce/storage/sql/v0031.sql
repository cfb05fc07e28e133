-- What a process fails at while it goes on with the rest, by the names of its duties.
alter table upkeep.heartbeat add column failing text[] not null default '{}';
