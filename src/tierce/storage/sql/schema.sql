-- The whole schema, version 0001. One schema per category of data, so that "not concerned" is proved by
-- privilege; who may touch what is in grants.sql. Day numbers count civil days in Paris since 1970-01-01.

create schema registry;  create schema person;    create schema coverage;  create schema contact;
create schema bank;      create schema care;      create schema directory; create schema access;
create schema journal;   create schema incident;  create schema notice;    create schema gate;

-- registry: insurers and what they sell; nothing personal ------------------------------------------------
create table registry.insurer (
    id            smallint primary key,
    amc           text not null unique check (amc ~ '^[0-9]{8,10}$'),
    name          text not null,
    contact_email text,
    operator_sends boolean not null default false   -- written mandate: who may write to the insured
);
create table registry.insurer_key (                 -- one data key per insurer and compartment, wrapped
    insurer     smallint not null references registry.insurer,
    compartment smallint not null,
    version     smallint not null,
    wrapped     bytea not null,
    primary key (insurer, compartment, version)
);
create table registry.product (
    id          integer generated always as identity primary key,
    insurer     smallint not null references registry.insurer,
    code        text not null,
    name        text not null,
    responsible boolean not null,
    unique (insurer, code)
);
create table registry.guarantee (
    product    integer not null references registry.product,
    domain     smallint not null,
    formula_fr text not null,
    formula_en text not null,
    primary key (product, domain)
);
create table registry.feed (
    id          bigint primary key,
    kind        text not null,
    insurer     smallint references registry.insurer,
    file_sha256 bytea not null,
    state       text not null check (state in ('running', 'done', 'refused')),
    lines_read  bigint not null default 0,
    taken       bigint not null default 0,
    unchanged   bigint not null default 0,
    rejected    bigint not null default 0,
    started     timestamptz not null,
    ended       timestamptz
);
create index feed_file on registry.feed (kind, insurer, file_sha256);   -- a file may come back: it changes nothing twice

-- person: civil status, birth date, NIR; only keyed indexes and sealed records ------------------------------
create table person.key (                           -- keyed index of (NIR | birth date | rank) -> person
    idx    uuid not null,
    person bigint not null,
    primary key (idx) include (person)
);
create table person.trait (                         -- keyed index of the pivot identity; homonyms share one
    idx    uuid not null,
    person bigint not null,
    primary key (idx, person)
);
create table person.record (                        -- one sealed record per insurer's copy
    person  bigint not null,
    insurer smallint not null references registry.insurer,
    sealed  bytea not null,
    primary key (person, insurer)
);
create table person.member (                        -- keyed member number -> person, one insurer's feed alone
    insurer smallint not null references registry.insurer,
    idx     uuid not null,
    person  bigint not null,
    primary key (insurer, idx)
);
create table person.family (                        -- who answers for whom, per insurer's copy
    person         bigint not null,
    insurer        smallint not null references registry.insurer,
    holder         bigint not null,
    representative bigint,
    primary key (person, insurer)
);

-- coverage -----------------------------------------------------------------------------------------------
create table coverage.coverage (
    person   bigint not null,
    insurer  smallint not null references registry.insurer,
    contract bigint not null,                       -- keyed number, not the insurer's contract number
    domains  integer not null,                      -- bit (domain - 1) set when the domain is covered
    from_day integer not null,
    until_day integer not null,
    priority smallint not null default 1,           -- 1 first insurer, 2 second
    digest   bytea not null,                        -- keyed digest of the feed line: unchanged lines are skipped
    sealed   bytea not null,                        -- member and contract numbers, product id, card data
    primary key (person, insurer)
);

-- directory: professionals in the open national directory -------------------------------------------------
create table directory.professional (
    id          bigint primary key,
    national_id text not null unique,               -- type digit + RPPS (or ADELI): the identity provider's key
    rpps        text unique,
    family_name text not null,
    given_name  text not null,
    profession  smallint not null,
    active      boolean not null default true
);
create table directory.establishment (
    id     bigint primary key,
    finess text not null unique,
    name   text not null,
    town   text not null
);
create table directory.activity (
    id            integer generated always as identity primary key,
    professional  bigint not null references directory.professional,
    establishment bigint not null references directory.establishment,
    profession    smallint not null,
    active        boolean not null default true,
    unique (professional, establishment, profession)
);
create table directory.software (
    id     integer primary key,
    vendor integer not null,
    name   text not null
);

-- access: logins, devices, lines of seats, sessions, pair memory, ladder -----------------------------------
create table access.login (
    id           bigint primary key,
    professional bigint not null unique references directory.professional,
    created      timestamptz not null
);
create table access.device (
    id         bigint primary key,
    thumbprint bytea not null unique,               -- RFC 7638, SHA-256
    created    timestamptz not null
);
create table access.line (                          -- seats of one (login, device, profession); see policy/seats.py
    id          bigint primary key,
    login       bigint not null references access.login,
    device      bigint not null references access.device,
    professional bigint not null,
    profession  smallint not null,
    created_day integer not null,
    state       bytea not null,                     -- policy's own bytes
    -- floors: counted here, by the database, whatever the caller writes in state
    floor_day   integer not null default 0,
    asked       integer not null default 0,
    drawn       integer not null default 0,
    known       integer not null default 0,
    unique (login, device, profession)              -- one exercised profession, one line: limits never mix
) with (fillfactor = 60);
create table access.session (
    id            bigint primary key,
    handle        bytea not null unique,            -- SHA-256 of the opaque handle
    site          smallint not null,
    login         bigint not null references access.login,
    professional  bigint not null references directory.professional,
    acr           smallint not null,                -- eIDAS level proved at sign-in
    offered       integer[] not null default '{}',  -- activities that directory and provider both vouch for
    activity      integer references directory.activity,
    device        bigint references access.device,
    line          bigint references access.line,
    software      integer not null references directory.software,
    network       bytea not null,
    created       timestamptz not null,
    expires       timestamptz not null,
    revoked       timestamptz,
    revoked_why   text
);
create index session_professional on access.session (professional, created desc);
create table access.pending (                       -- one sign-in under way; deleted when used
    state    bytea primary key,                     -- SHA-256 of the state parameter
    realm    text not null,
    binding  bytea not null,                        -- SHA-256 of the browser's binding secret
    nonce    text not null,
    verifier text not null,
    return_to text not null,
    created  timestamptz not null
);
create table access.staff_session (
    id      bigint primary key,
    handle  bytea not null unique,
    staff   bigint not null,
    subject text not null,
    name    text not null,
    roles   text[] not null,
    created timestamptz not null,
    expires timestamptz not null,
    revoked timestamptz
);
create table access.person_session (
    id      bigint primary key,
    handle  bytea not null unique,
    person  bigint not null,
    created timestamptz not null,
    expires timestamptz not null,
    revoked timestamptz
);
create table access.pair (                          -- (establishment, identifiers) seen: keyed 64-bit PRF
    key      bigint primary key,
    state    smallint not null check (state in (1, 2)),   -- 1 open, 2 proved
    day      integer not null,                      -- opened or proved on that day
    line     bigint not null,                       -- the line whose seat it holds
    seen_day integer not null,
    seen_line bigint not null
);
create unlogged table access.proof (                -- proofs already used; refused if older than this database's start
    id uuid primary key,
    at timestamptz not null
);
create index proof_at on access.proof (at);
create table access.ladder (
    id      bigint primary key,
    level   smallint not null,                      -- policy.ladder.Level
    subject bigint not null,
    rung    smallint not null,                      -- policy.ladder.Rung
    since   timestamptz not null,
    until   timestamptz not null,
    by      text not null,
    reason  text not null,
    lifted  timestamptz
);
create index ladder_live on access.ladder (level, subject) where lifted is null;

-- care -----------------------------------------------------------------------------------------------------
create table care.engagement (
    seq           bigint primary key,               -- the journal entry that released it
    establishment bigint not null,
    professional  bigint not null,
    person        bigint not null,
    insurer       smallint not null,
    domain        smallint not null,
    pair          bigint not null,
    until_day     integer not null,
    label         text check (length(label) <= 40), -- what the professional typed
    at            timestamptz not null
);
create index engagement_history on care.engagement (professional, seq desc);

-- journal: INSERT and SELECT only, for everybody ---------------------------------------------------------------
create table journal.instance (
    id         smallint generated always as identity primary key,
    name       text not null unique,
    role       name not null,                       -- the only role that may append in its name
    public_key bytea not null check (octet_length(public_key) = 32),
    since      timestamptz not null default now()
);
create sequence journal.block_no;
create table journal.batch (
    block     bigint primary key,
    instance  smallint not null references journal.instance,
    n         smallint not null check (n between 1 and 256),
    at        timestamptz not null default now(),
    signature bytea not null check (octet_length(signature) = 64)
);
create table journal.entry (
    seq          bigint primary key,                -- block * 256 + place
    tx           xid8 not null default pg_current_xact_id(),
    kind         smallint not null,                 -- the next three are read from body, never given
    professional bigint not null,
    person       bigint not null,
    body         bytea not null check (octet_length(body) = 128)
);
create index entry_person on journal.entry (person, seq) where person <> 0;
create index entry_professional on journal.entry (professional, seq);
create table journal.leaf (
    idx  bigint primary key,
    seq  bigint not null unique,
    hash bytea not null check (octet_length(hash) = 32)
);
create table journal.checkpoint (
    size bigint primary key,
    root bytea not null check (octet_length(root) = 32),
    at   timestamptz not null default now(),
    note text not null
);

-- gate: floors that hold whatever the caller sends; filled from policy/floors.py, tested equal ------------------
create table gate.floor (
    profession smallint primary key,
    asked      integer not null,                    -- asks looked up, a day and line; plain refusals apart
    drawn      integer not null,                    -- people of a first-time pair a day of one line
    known      integer not null                     -- people of a known pair a day of one line
);
create table gate.ceiling (
    scope      text primary key check (scope in ('instance', 'nation')),
    per_minute integer not null,
    per_day    integer not null
);
create table gate.meter (                           -- one row per connection: no lock is shared
    role      name not null,
    pid       integer not null,
    minute    bigint not null,
    in_minute integer not null,
    day       integer not null,
    in_day    integer not null,
    primary key (role, pid)
) with (fillfactor = 50);

-- incident and notice ----------------------------------------------------------------------------------------
create table incident.incident (
    id        bigint primary key,
    title     text not null,
    signal_at timestamptz not null,
    aware_at  timestamptz,
    aware_by  text,
    aware_why text
);
create table incident.scope (
    incident bigint not null references incident.incident,
    revision smallint not null,
    criteria jsonb not null,
    digest   bytea not null,
    persons  bigint not null,
    entries  bigint not null,
    tree_size bigint not null,
    gaps     jsonb not null,                        -- holes of the journal that touch the window
    unattributed bigint not null,                   -- released lines that name nobody (redacted)
    pending  bigint not null,                       -- lines of the window not yet under the checkpoint
    at       timestamptz not null,
    primary key (incident, revision)
);
create table incident.exposed (
    incident   bigint not null,
    revision   smallint not null,
    person     bigint not null,
    insurer    smallint not null,
    categories integer not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    entries    integer not null,
    status     smallint not null,                   -- 1 confirmed, 2 possible
    rule       text not null,
    primary key (incident, revision, person, insurer),
    foreign key (incident, revision) references incident.scope
);
create table notice.insurer_notice (
    id       bigint primary key,
    incident bigint not null,
    revision smallint not null,
    insurer  smallint not null references registry.insurer,
    persons  bigint not null,
    digest   bytea not null,
    made_at  timestamptz not null,
    unique (incident, revision, insurer)
);
create table notice.person_report (                 -- "it was not me"
    id     bigint primary key,
    person bigint not null,
    seq    bigint not null,
    at     timestamptz not null,
    unique (person, seq)
);
