-- Sessions of staff, insurers' people and persons are tied to a key of the browser that signed in (docs/adr/0127).
-- Those under way know no key, and none fits what stands in its place: their sites read them no more.
alter table access.staff_session add column bound bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(bound) = 32);
alter table access.insurer_session add column bound bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(bound) = 32);
alter table access.person_session add column bound bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(bound) = 32);
alter table access.staff_session alter column bound drop default;
alter table access.insurer_session alter column bound drop default;
alter table access.person_session alter column bound drop default;

delete from access.pending where realm <> 'psc';
alter table access.pending
    add column thumbprint bytea check (octet_length(thumbprint) = 32),   -- of the key that this browser will sign with
    add check (realm = 'psc' or thumbprint is not null);                 -- a professional's session is bound later

create table access.ticket (                       -- what a bound session is read with, for minutes
    ticket  bytea primary key,                     -- SHA-256 of what the browser holds
    realm   text not null,
    session bigint not null,
    until   timestamptz not null
);
create index ticket_session on access.ticket (realm, session);
create table access.key_challenge (                -- what a browser is to sign for the next one; deleted when used
    challenge bytea primary key,                   -- SHA-256 of what it was given
    realm   text not null,
    session bigint not null,
    until   timestamptz not null
);
create index key_challenge_session on access.key_challenge (realm, session, until);
