-- 0010: ceilings are drawn from by lease; software that asks in bulk.

drop table gate.meter;   -- counted by connection, and let batches in flight at one instant pass the ceiling together
create table gate.pool (                            -- people drawn so far from each ceiling
    scope     text primary key,                     -- 'nation', or 'instance ' and the database role
    minute    bigint not null default 0,
    in_minute integer not null default 0,
    day       integer not null default 0,
    in_day    integer not null default 0
) with (fillfactor = 50);
create table gate.leased (                          -- people that one connection may still show: its own row
    role        name not null,
    pid         integer not null,
    minute      bigint not null default 0,
    left_minute integer not null default 0 check (left_minute >= 0),
    day         integer not null default 0,
    left_day    integer not null default 0 check (left_day >= 0),
    primary key (role, pid)
) with (fillfactor = 50);

-- Declared robots and vendors' batch work wait in a lane of their own; their seats are the same.
alter table directory.software add column bulk boolean not null default false;
