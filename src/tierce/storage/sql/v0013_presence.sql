-- Proof that a person was there (policy/presence.py). Nothing here names anybody: internal numbers and digests.
create schema presence;

create table presence.signer (                      -- keys that sign dynamic cards, each for one insurer's people
    id          smallint generated always as identity primary key,
    insurer     smallint not null references registry.insurer,
    public_key  bytea check (octet_length(public_key) = 32),   -- null until it is derived from the number
    since       timestamptz not null default now(),
    revoked     timestamptz,
    revoked_why text
);
create table presence.place (                       -- a short code that stands for an establishment
    code          integer primary key,
    establishment bigint not null unique references directory.establishment
);
create table presence.spoken (                      -- cards said aloud, where nothing reads a QR code
    establishment bigint not null,
    code          integer not null,
    token         text not null,
    until         timestamptz not null,
    primary key (establishment, code)
);
create table presence.spent (                       -- cards already used; logged: a crash must not let one serve again
    id uuid primary key,
    at timestamptz not null
);
create index spent_at on presence.spent (at);
create table presence.answer (                      -- what a person said of one ask: was she there
    seq           bigint primary key,               -- the journal line of the ask
    person        bigint not null,
    establishment bigint not null,
    professional  bigint not null,
    line          bigint,                           -- the line of seats that asked
    yes           boolean not null,
    at            timestamptz not null,
    until         timestamptz not null              -- a yes opens her answer at that place until then
);
create index answer_person on presence.answer (person, at);
create table presence.certified (                   -- vendor software that may declare the reading of a card
    software integer primary key references directory.software,
    since    timestamptz not null default now(),
    ended    timestamptz
);
create table presence.peer (                        -- who may report that care was invoiced
    id          smallint generated always as identity primary key,
    name        text not null unique,
    kind        smallint not null check (kind in (1, 2)),       -- 1 concentrator, 2 insurer
    insurer     smallint references registry.insurer,           -- set for an insurer: its own people alone
    public_key  bytea not null check (octet_length(public_key) = 32),
    since       timestamptz not null default now(),
    revoked     timestamptz,
    revoked_why text,
    check ((kind = 2) = (insurer is not null))
);
create table presence.proof (                       -- proofs received, until the worker has told the lines of seats
    id            uuid primary key,                 -- the card's, drawn for her yes, or keyed: peer and evidence number
    pair          bigint not null,
    person        bigint not null,
    establishment bigint not null,
    grade         smallint not null check (grade in (2, 3, 4)),
    peer          smallint references presence.peer,
    care_day      integer,                          -- of the care that was invoiced
    at            timestamptz not null default now(),
    state         smallint not null default 1       -- 1 to settle, 2 settled, 3 to withdraw, 4 withdrawn
);
create index proof_waiting on presence.proof (at) where state in (1, 3);
create index proof_at on presence.proof (at);
