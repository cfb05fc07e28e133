-- Notices: written mandates, and contact data that an insurer lends for one incident.

create table notice.mandate (                       -- who writes to an insurer's people; rows are added, never changed
    id         bigint primary key,
    insurer    smallint not null references registry.insurer,
    kind       smallint not null check (kind in (1, 2)),   -- 1 the operator sends, 2 the insurer sends
    document   text not null check (length(document) between 1 and 200),  -- the signed paper, by its reference
    from_day   date not null,
    until_day  date check (until_day >= from_day),  -- the last day, or none written
    written_at timestamptz not null,
    entry      bigint not null
);
create index mandate_insurer on notice.mandate (insurer, from_day);

create table contact.loan (                         -- one insurer's contact data for one incident, under a key of its own
    incident    bigint not null references incident.incident,
    insurer     smallint not null references registry.insurer,
    key_version smallint not null,                  -- in registry.insurer_key, compartment 3; destroyed with the data
    opened_at   timestamptz not null,
    forgotten_at timestamptz,
    certificate text,                               -- signed, canonical JSON: what was deleted, when, by which line
    primary key (incident, insurer)
);
create table contact.lent_file (
    incident bigint not null,
    insurer  smallint not null,
    sha256   bytea not null check (octet_length(sha256) = 32),   -- of the file as it came, encrypted
    at       timestamptz not null,
    read     bigint not null,                       -- = taken + unchanged + refused + outside
    taken    bigint not null,
    unchanged bigint not null,
    refused  bigint not null,
    outside  bigint not null,                       -- people who are not on this insurer's slice: not kept
    primary key (incident, insurer, sha256),
    foreign key (incident, insurer) references contact.loan
);
create table contact.contact (
    incident bigint not null,
    insurer  smallint not null,
    person   bigint not null,
    sealed   bytea not null,
    primary key (incident, insurer, person),
    foreign key (incident, insurer) references contact.loan
);
