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

-- Telling insurers, GDPR article 33(2). The documents say counts and categories; they name nobody exposed.
alter table notice.insurer_notice
    add column document text check (octet_length(document) <= 65536),  -- frozen when it first leaves: canonical JSON
    add column draft    text check (octet_length(draft) <= 65536);     -- what the insurer's own form for the CNIL starts from
create table notice.contact_point (                 -- whom to warn at an insurer, in order
    id         bigint primary key,
    insurer    smallint not null references registry.insurer,
    position   smallint not null check (position between 1 and 9),
    name       text not null,
    role       text not null,
    email      text not null,
    phone      text not null,
    written_at timestamptz not null,
    ended_at   timestamptz
);
create unique index contact_point_now on notice.contact_point (insurer, position) where ended_at is null;
create table notice.warning (                       -- one notice to one contact; a test has incident 0, its number as revision
    id       bigint primary key,
    incident bigint not null,
    revision smallint not null,
    insurer  smallint not null references registry.insurer,
    step     smallint not null check (step > 0),    -- 1 the first contact, 2 the next when nobody acknowledged
    contact  bigint references notice.contact_point,  -- none: the insurer has named nobody; its site shows the notice
    kind     smallint not null check (kind in (1, 2, 3)),  -- 1 first notice, 2 complement, 3 test
    due_at   timestamptz not null,
    tries    smallint not null default 0,
    next_try timestamptz not null,
    sent_at  timestamptz,
    failed   text,                                  -- the last refusal, in a word
    entry    bigint not null,
    unique (incident, revision, insurer, step)
);
create index warning_waiting on notice.warning (next_try) where sent_at is null;
create table notice.acknowledgement (
    incident bigint not null,
    revision smallint not null,
    insurer  smallint not null references registry.insurer,
    at       timestamptz not null,
    staff    bigint not null,
    name     text not null,
    entry    bigint not null,
    primary key (incident, revision, insurer)
);

-- Slices handed over: encrypted to the insurer's own key, read back by nobody here.
create table notice.recipient (                     -- an age recipient; used once proved and confirmed by somebody else
    id           bigint primary key,
    insurer      smallint not null references registry.insurer,
    recipient    text not null check (recipient ~ '^age1[a-z0-9]{58}$'),
    challenge    bytea not null check (octet_length(challenge) = 32),  -- SHA-256 of what its holder must decrypt
    proposed_by  bigint not null,
    proposed_name text not null,
    proposed_at  timestamptz not null,
    proved_at    timestamptz,
    confirmed_by bigint,
    confirmed_name text,
    confirmed_at timestamptz,
    check (confirmed_by <> proposed_by)
);
create table notice.hand_over (
    id       bigint primary key,
    incident bigint not null,
    revision smallint not null,
    insurer  smallint not null references registry.insurer,
    recipient bigint not null references notice.recipient,
    records  bigint not null,
    digest   bytea not null check (octet_length(digest) = 32),         -- SHA-256 of the plain text
    sha256   bytea not null check (octet_length(sha256) = 32),         -- of what is taken
    bytes    bigint not null,
    made_at  timestamptz not null,
    entry    bigint not null,
    unique (incident, revision, insurer, recipient),
    foreign key (incident, revision) references incident.scope
);
create table notice.hand_over_piece (
    hand_over bigint not null references notice.hand_over on delete cascade deferrable initially deferred,
    n         integer not null check (n >= 0),
    sealed    bytea not null,
    primary key (hand_over, n)
);
create table notice.taken (                         -- who took it: a line first, then the pieces for that session
    hand_over bigint not null references notice.hand_over on delete cascade,
    session   bigint not null,
    name      text not null,
    at        timestamptz not null,
    entry     bigint not null,
    primary key (hand_over, session)
);
create table notice.report (                        -- what an insurer did with its list, in counts that add up
    id        bigint primary key,
    incident  bigint not null,
    revision  smallint not null,
    insurer   smallint not null references registry.insurer,
    matched   bigint not null check (matched >= 0),
    minors    bigint not null check (minors >= 0),
    deceased  bigint not null check (deceased >= 0),
    ambiguous bigint not null check (ambiguous >= 0),
    not_found bigint not null check (not_found >= 0),
    unexplained text[] not null,                    -- references that the insurer itself cannot account for
    at        timestamptz not null,
    staff     bigint not null,
    name      text not null,
    entry     bigint not null,
    foreign key (incident, revision) references incident.scope
);
create table notice.told_count (                    -- people told by an insurer that sends: by channel and hour
    report  bigint not null references notice.report on delete cascade,
    channel text not null check (channel in ('email', 'post', 'space', 'phone', 'public')),
    hour    timestamptz not null,
    people  bigint not null check (people > 0),
    primary key (report, channel, hour)
);
