-- The register of breaches, GDPR article 33(5): rows are added and read, never changed.
create table incident.register (
    incident bigint not null references incident.incident,
    number   integer not null check (number > 0),
    kind     smallint not null,                     -- incidents.register.model.RowKind
    at       timestamptz not null,
    "by"     text not null,
    staff    bigint not null,
    facts    text not null check (octet_length(facts) <= 131072),   -- canonical JSON, digested as it stands
    digest   bytea not null check (octet_length(digest) = 32),
    entry    bigint not null,                       -- its journal line, which bears 63 bits of the digest
    primary key (incident, number)
);
