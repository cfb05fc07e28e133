-- Messages: whom the operator writes to after an incident, what it says, who approved it, and what became of each one.

create table notice.audience (                      -- frozen: rows are added, never changed
    id        bigint primary key,
    incident  bigint not null,
    revision  smallint not null,
    digest    bytea not null check (octet_length(digest) = 32),
    salt      bytea not null check (octet_length(salt) = 32),
    pairs     bigint not null,
    items     integer not null,
    frozen_at timestamptz not null,
    entry     bigint not null,
    foreign key (incident, revision) references incident.scope
);
create index audience_incident on notice.audience (incident, frozen_at);

create table notice.item (                          -- one message to one adult
    audience    bigint not null references notice.audience,
    number      integer not null,
    cohort      text not null check (cohort in ('insured', 'invoices', 'professionals')),
    channel     smallint not null check (channel in (1, 2, 3)),   -- as frozen: 1 e-mail, 2 post, 3 public notice
    language    text not null check (language in ('fr', 'en')),
    represented boolean not null,                   -- the reader represents whom it is about
    postal      boolean not null,                   -- a letter is possible
    person      bigint not null,                    -- whose contact data it is sent with
    insurer     smallint not null,                  -- who lent it; 0 the operator itself
    binding     bytea not null check (octet_length(binding) = 16),   -- to that contact data as it was
    token       bytea not null unique check (octet_length(token) = 10),   -- in Message-ID and return path; random
    state       smallint not null,
    why         smallint,                           -- of the public notice
    attempts    smallint not null default 0,
    due         timestamptz,                        -- no attempt before
    batch       integer,                            -- of letters
    primary key (audience, number),
    check ((state = 7) = (why is not null))
) with (fillfactor = 70);
create index item_state on notice.item (audience, state, number);
create index item_batch on notice.item (audience, batch) where batch is not null;

create table notice.item_pair (                     -- every exposed pair, once: on an item, or left with its reason
    audience bigint not null references notice.audience,
    person   bigint not null,
    insurer  smallint not null,
    cohort   text not null,
    item     integer,
    why      smallint,
    primary key (audience, person, insurer, cohort),
    check ((item is null) <> (why is null))
);
create index item_pair_item on notice.item_pair (audience, item);

create table notice.step (                          -- what was tried and what came of it; rows are added, never changed
    id       bigint generated always as identity primary key,
    audience bigint not null,
    item     integer not null,
    at       timestamptz not null,
    step     smallint not null,
    code     text not null check (length(code) <= 24),   -- the server's code, never its words
    foreign key (audience, item) references notice.item
);
create index step_item on notice.step (audience, item);

create table notice.message (                       -- what is said: facts frozen, from which each text is made again
    id       bigint primary key,
    incident bigint not null references incident.incident,
    digest   bytea not null check (octet_length(digest) = 32),
    facts    jsonb not null,
    at       timestamptz not null,
    by       text not null,
    entry    bigint not null
);
create index message_incident on notice.message (incident, at);

create table notice.approval (                      -- of exactly these two digests; two people's make a sending possible
    audience        bigint not null references notice.audience,
    audience_digest bytea not null,
    text_digest     bytea not null,
    staff           bigint not null,
    name            text not null,
    at              timestamptz not null,
    entry           bigint not null,
    primary key (audience, audience_digest, text_digest, staff)
);

create table notice.stop (                          -- the button: nothing leaves while one is not lifted
    id        bigint generated always as identity primary key,
    incident  bigint not null references incident.incident,
    at        timestamptz not null,
    by        text not null,
    reason    text not null check (length(reason) between 1 and 300),
    lifted_at timestamptz,
    lifted_by text
);

create table notice.letter_batch (
    audience  bigint not null references notice.audience,
    number    integer not null,
    letters   integer not null,
    sha256    bytea not null check (octet_length(sha256) = 32),   -- of the file
    made_at   timestamptz not null,
    posted_at timestamptz,
    posted_by text,
    primary key (audience, number)
);

-- How the operator writes to its own clients. The directory is public and has neither.
create table directory.contact (
    professional bigint primary key references directory.professional,
    email        text check (length(email) <= 254),
    postal       text[] not null default '{}' check (cardinality(postal) <= 7),
    language     text not null default 'fr' check (language in ('fr', 'en')),
    at           timestamptz not null,
    by           text not null
);
