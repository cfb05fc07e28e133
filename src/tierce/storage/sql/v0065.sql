-- Alerts that we send (docs/adr/0102): signed by the office, carried by `peers`, which holds no key that could sign one.
alter table access.alert_peer
    add column audience text check (length(audience) between 9 and 200),   -- for whom we sign; null: it is sent nothing
    add column push     text check (length(push) between 9 and 300 and push ~ '^https?://'),
    add check ((audience is null) = (push is null));
create table access.alert_key (                     -- the public keys with which ours are verified
    kid text primary key,
    jwk bytea not null,
    at  timestamptz not null default now()
);
create table access.alert_told (                    -- what staff told the others of one professional
    id           bigint primary key,
    professional bigint not null,
    event        smallint not null,                 -- policy.peer_alerts.Event
    since        timestamptz,
    until        timestamptz,
    confidence   smallint not null default 0,
    at           timestamptz not null,
    "by"         text not null,
    why          text not null check (length(why) between 1 and 300)   -- never sent
);
create index alert_told_of on access.alert_told (professional, at);
create table access.alert_out (                     -- one signed token for each operator
    told      bigint not null references access.alert_told on delete cascade,
    peer      smallint not null references access.alert_peer,
    token     text not null check (length(token) <= 16384),
    tries     smallint not null default 0,
    next_try  timestamptz not null default now(),
    delivered timestamptz,
    refused   text check (length(refused) between 1 and 40),    -- the code by which it was
    primary key (told, peer),
    check (delivered is null or refused is null)
);
create index alert_out_waiting on access.alert_out (next_try) where delivered is null and refused is null;
