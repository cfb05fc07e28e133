-- Evidence of the watch, what no later fact explains, releases that wait for a second person, appeals of who is held.
create unlogged table access.trace (                -- what the watch may know of an ask; gone once it has looked
    seq  bigint not null,
    hint integer not null                           -- policy.evidence.hint_of
);
create table access.watched (                       -- the last leaf looked at: one row
    one boolean primary key default true check (one),
    idx bigint not null
);
insert into access.watched (idx) select coalesce(max(idx), -1) from journal.leaf;
create table access.evidence (                      -- evidence against one line; see policy/evidence.py
    line  bigint primary key references access.line on delete cascade,
    state bytea not null check (octet_length(state) <= 160),
    rung  smallint not null,                        -- what the evidence asks for: policy.ladder.Rung
    worth real not null,
    at    timestamptz not null
) with (fillfactor = 70);
create index evidence_rung on access.evidence (rung, worth desc) where rung > 0;
create table access.unexplained (                   -- a person never seen there was shown, and no presence was proved
    seq           bigint primary key,
    at            timestamptz not null,
    line          bigint not null,
    professional  bigint not null,
    establishment bigint not null,
    explained     timestamptz                       -- when a proof of presence or an invoice followed
);
create index unexplained_line on access.unexplained (line, seq desc) where explained is null;
create index unexplained_open on access.unexplained (seq desc) where explained is null;
create index unexplained_at on access.unexplained (at);
create table access.decoy (                         -- invented beneficiaries: whoever asks for one holds a list
    person  bigint primary key,
    vendor  integer not null,                       -- in whose files it was left: tells where a list comes from
    note    text not null check (length(note) between 1 and 80),
    planted timestamptz not null
);
create table access.decoy_hit (
    person bigint not null references access.decoy on delete cascade,
    line   bigint not null,
    seq    bigint not null,
    at     timestamptz not null,
    primary key (person, line)
);
create table access.alert (                         -- another operator names a professional; staff enter it
    id           bigint primary key,
    professional bigint not null,
    operator     text not null check (length(operator) between 1 and 80),
    at           timestamptz not null,
    "by"         text not null
);
create table access.accused (                       -- reports and alerts already counted
    source bigint primary key,
    line   bigint not null,
    at     timestamptz not null
);
create table access.release (                       -- a broad hold that one person asked to lift: another confirms
    hold    bigint primary key references access.ladder on delete cascade,
    staff   bigint not null,
    session bigint not null,                        -- 0 by command
    name    text not null,
    reason  text not null,
    asked   timestamptz not null,
    until   timestamptz not null
);
create table access.appeal (                        -- a held professional says why she should not be
    id           bigint primary key,
    professional bigint not null,
    hold         bigint not null,
    said         text not null check (length(said) between 10 and 600),
    at           timestamptz not null,
    due          timestamptz not null,
    answered     timestamptz,
    answer       text,                              -- in words, for her
    lifted       boolean,
    "by"         text,
    unique (hold, professional)
);
create index appeal_open on access.appeal (due) where answered is null;
create index ladder_device on access.ladder (subject) where level = 2;
create table access.saturated (                     -- lines that ran out of places, by civil day; for crowds
    day        integer not null,
    line       bigint not null,
    profession smallint not null,
    department text not null,                       -- of the establishment: the first two characters of its FINESS
    software   integer not null,
    network    bytea not null,
    primary key (day, line)
);
