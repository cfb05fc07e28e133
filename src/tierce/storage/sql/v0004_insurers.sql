-- 0004: the insurers' site. Its pages read counts that are kept here, and never a person.

create table registry.door (                        -- what opens a session for an insurer's staff
    insurer smallint primary key references registry.insurer,
    digest  bytea not null unique check (octet_length(digest) = 32)   -- SHA-256 of a keyed number: its key is a file
);
create table registry.people_count (                -- one insurer's own people, as an import left them on that day
    insurer smallint not null references registry.insurer,
    day     integer not null,
    counted timestamptz not null,
    covered bigint not null,                        -- covered on that day
    ended   bigint not null,                        -- every period is over
    future  bigint not null,                        -- not covered yet, a period begins later
    second  bigint not null,                        -- covered on that day, after another insurer
    domains bigint[] not null,                      -- covered on that day for domain 1, 2, ...
    primary key (insurer, day)
);
create table registry.shown_count (                 -- answers shown about one insurer's people: lines, never people
    insurer smallint not null,
    day     integer not null,
    domain  smallint not null,
    kind    smallint not null,                      -- 1 disclosure, 4 revisit
    lines   bigint not null,
    primary key (insurer, day, domain, kind)
);
create table registry.shown_upto (                  -- the last leaf of the journal's tree that is counted above
    only_row boolean primary key default true check (only_row),
    leaf     bigint not null
);
insert into registry.shown_upto (leaf) values (-1);

create table access.insurer_session (
    id      bigint primary key,
    handle  bytea not null unique,                  -- SHA-256 of the opaque handle
    insurer smallint not null references registry.insurer,
    staff   bigint not null,
    name    text not null,
    created timestamptz not null,
    expires timestamptz not null,
    revoked timestamptz
);

create table incident.insurer_count (               -- people of each list, by insurer: counted once, when it is made
    incident bigint not null,
    revision smallint not null,
    insurer  smallint not null,
    persons  bigint not null,
    primary key (incident, revision, insurer),
    foreign key (incident, revision) references incident.scope
);
insert into incident.insurer_count
    select incident, revision, insurer, count(*) from incident.exposed group by incident, revision, insurer;
