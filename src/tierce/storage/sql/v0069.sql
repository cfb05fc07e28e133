-- Insurers that keep their people themselves and answer on the way (docs/adr/0108). Their people have no copy here: of whoever
-- was asked about, an internal number, and what her insurer answered.
create table registry.remote (                      -- whom to ask, since when; one that is over stays
    id         integer generated always as identity primary key,
    insurer    smallint not null references registry.insurer,
    url        text not null check (length(url) between 9 and 300
        and url ~ '^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])'),
    public_key bytea not null check (octet_length(public_key) = 32),   -- with which its answers are verified
    since      timestamptz not null default now(),
    "by"       text not null check (length("by") between 1 and 100),
    why        text not null check (length(why) between 1 and 300),
    ended      timestamptz,
    ended_by   text check (length(ended_by) between 1 and 100),
    ended_why  text check (length(ended_why) between 1 and 300)
);
create unique index remote_one on registry.remote (insurer) where ended is null;
create table registry.remote_day (                  -- how an insurer answers, in counts
    insurer  smallint not null references registry.insurer,
    day      integer not null,
    answered bigint not null default 0,
    failed   bigint not null default 0,
    primary key (insurer, day)
);
create table registry.remote_state (                -- what the processes that ask saw last
    insurer   smallint primary key references registry.insurer,
    answered_at timestamptz,
    failed_at timestamptz,
    failed_how text check (length(failed_how) between 1 and 20),
    away_until timestamptz                          -- it is not asked until then, and deposits are taken
);
create table person.asked (                         -- whom an insurer was asked about: nobody's name, and maybe nobody's number
    insurer smallint not null references registry.insurer,
    idx     uuid not null,                          -- as person.key
    person  bigint not null,
    primary key (insurer, idx)
);
create unique index asked_person on person.asked (person);
create table care.asking (                          -- asks of which no answer is written yet: a row lives seconds
    seq       bigint primary key,                   -- the line that says so
    at        timestamptz not null default now(),
    pair      bigint not null,
    until_day integer not null,
    care_day  integer not null,
    label     text check (length(label) <= 40),
    hint      integer not null
);
