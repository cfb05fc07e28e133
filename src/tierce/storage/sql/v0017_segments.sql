-- The manifest of sealed segments, what was redacted and by whom, and which segments reached the end of their time. Insert only.
create table journal.segment (
    first_idx      bigint not null,
    revision       smallint not null check (revision >= 0),  -- 0 as sealed; each redaction writes the next
    end_idx        bigint not null check (end_idx > first_idx),
    blocks         bigint not null,
    first_block    bigint not null,
    last_block     bigint not null,
    from_us        numeric not null,
    until_us       numeric not null,
    redacted       bigint not null check (redacted between 0 and end_idx - first_idx),
    leaves         bytea not null check (octet_length(leaves) = 32),
    root           bytea not null check (octet_length(root) = 32),
    entries_sha256 bytea not null check (octet_length(entries_sha256) = 32),
    blocks_sha256  bytea not null check (octet_length(blocks_sha256) = 32),
    index_sha256   bytea not null check (octet_length(index_sha256) = 32),
    at             timestamptz not null default now(),
    primary key (first_idx, revision)
);
create table journal.redaction (                    -- two authors for one entry, and it is done
    seq    bigint not null,
    author bigint not null,
    reason smallint not null,
    line   bigint not null unique,                  -- the REDACTION entry that says so
    at     timestamptz not null default now(),
    primary key (seq, author)
);
create table journal.ended (                        -- segments whose time is over: their files are gone
    first_idx bigint primary key,
    end_idx   bigint not null,
    line      bigint not null unique,               -- the UPKEEP entry that says so
    at        timestamptz not null default now()
);
create table journal.verification (                 -- what each reading of the whole journal found
    id       bigint generated always as identity primary key,
    at       timestamptz not null default now(),
    entries  bigint not null,
    size     bigint not null,
    root     bytea not null check (octet_length(root) = 32),
    sealed   bigint not null,
    redacted bigint not null,
    errors   integer not null check (errors >= 0),
    first    text                                   -- the code of the first error
);
