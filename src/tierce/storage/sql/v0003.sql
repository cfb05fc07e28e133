-- upkeep: what looking after an installation needs in the database; nothing personal.
create schema upkeep;
create table upkeep.keep (                          -- days each class is kept; from policy/retention.py
    class smallint primary key,                     -- -1 and -2: how long an incident holds, how far it looks back
    days  integer not null check (days >= 0)
);
create table upkeep.heartbeat (                     -- one row per process that has no page of its own
    process text primary key,
    started timestamptz not null,
    at      timestamptz not null,
    version text not null,
    turns   bigint not null,
    waiting bigint not null                         -- journal lines not yet under a checkpoint
);
-- A device or a line that goes is looked for among the sessions: by key, not by reading them all.
create index session_line on access.session (line);
create index session_device on access.session (device);
