-- What was counted of audiences of millions, with its time (docs/adr/0098): numbers, and nobody.
create table notice.counted (
    incident  bigint primary key references incident.incident on delete cascade,
    audience  bigint not null unique references notice.audience,
    revision  smallint not null,                    -- the newest list then
    since     timestamptz not null,                 -- from which minutes count
    last_step bigint not null,                      -- what was tried up to then
    as_of     timestamptz not null,
    took      interval not null,
    told      jsonb not null,                       -- rows of notice.told
    counts    jsonb not null                        -- notices.audience.model.Counts
);
