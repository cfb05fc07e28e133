-- Alerts between operators (docs/adr/0101). A peer's alert is a row of access.alert, as one entered by staff is: the worker
-- counts both by the same road.
create table access.alert_peer (
    id        smallint generated always as identity primary key,
    name      text not null check (length(name) between 1 and 80),
    issuer    text not null check (length(issuer) between 9 and 200),
    keys      bytea not null,                       -- its public keys, a JSON Web Key Set
    at        timestamptz not null default now(),
    why       text not null check (length(why) between 1 and 300),
    ended     timestamptz,
    ended_why text check (length(ended_why) between 1 and 300),
    check ((ended is null) = (ended_why is null))
);
create unique index alert_peer_issuer on access.alert_peer (issuer) where ended is null;
create unique index alert_peer_name on access.alert_peer (lower(name)) where ended is null;

create table access.peer_set (                      -- what a peer signed and we took in: once each
    peer  smallint not null references access.alert_peer,
    jti   uuid not null,                            -- begins the digest of its number
    event smallint not null,                        -- policy.peer_alerts.Event
    known boolean not null,                         -- whether our directory has whom it names
    at    timestamptz not null default now(),
    primary key (peer, jti)
);
create index peer_set_day on access.peer_set (peer, at);

alter table access.alert
    add column peer       smallint references access.alert_peer,    -- null: entered by staff
    add column event      smallint,
    add column since      timestamptz,              -- when the peer says that the identity was used
    add column until      timestamptz,
    add column confidence smallint not null default 0,              -- policy.peer_alerts.Confidence
    add column ended      timestamptz,              -- taken back by its peer, or set aside by staff
    add column ended_by   text,                     -- null: by its peer
    add column ended_why  text check (length(ended_why) between 1 and 300),
    add check ((peer is null) = (event is null)),
    add check (ended is not null or (ended_by is null and ended_why is null)),
    add check ((ended_by is null) = (ended_why is null));
create index alert_of on access.alert (professional, at);

alter table access.accused add column spent boolean not null default false;   -- a human's lift began the evidence again

-- What policy/peer_alerts.py and policy/evidence.py say, written at each upgrade.
create table access.alert_bound (
    one    boolean primary key default true check (one),
    alerts integer not null,
    others integer not null,
    days   integer not null
);
