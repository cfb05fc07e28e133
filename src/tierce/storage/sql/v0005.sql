-- 0005: how far a feed has come, what it refused, what it puts off; what each period was last told by.

alter table registry.feed drop constraint feed_state_check;
alter table registry.feed
    add constraint feed_state_check check (state in ('running', 'held', 'done', 'refused', 'left')),
    add column phase text not null default 'reading'
        check (phase in ('reading', 'loading', 'indexing', 'putting_off', 'ending', 'done')),
    add column whole boolean not null default false,        -- the insurer's whole population: the absent are ended
    add column effective_day integer,                       -- of the file's first line
    add column lines_total bigint,
    add column lines_done bigint not null default 0,        -- lines behind us, header left out; committed with them
    add column bytes_total bigint,
    add column bytes_done bigint not null default 0,
    add column outdated bigint not null default 0,          -- of the unchanged: a later state was known already
    add column people_ended bigint not null default 0,           -- people ended because a whole file left them out
    add column unread bigint not null default 0,            -- refused lines of which not even the member is known
    add column shrink bigint,                               -- people who would lose their cover: to be repeated
    add column confirmed bigint,                            -- the number that was repeated
    add column resumed smallint not null default 0,
    add column rate real,                                   -- lines a second since this run began
    add column updated timestamptz;
update registry.feed set phase = 'done' where state in ('done', 'refused');

-- Refused lines, by reason and one by one; never a value. The rejects file is written from these.
create table registry.feed_reason (
    feed      bigint not null references registry.feed on delete cascade,
    field     text not null,
    code      text not null,
    reason_fr text not null,
    reason_en text not null,
    remedy_fr text not null,
    remedy_en text not null,
    lines     bigint not null,
    primary key (feed, field, code)
);
create table registry.feed_refused (
    feed  bigint not null references registry.feed on delete cascade,
    line  bigint not null,
    field text not null,
    code  text not null,
    primary key (feed, line)
);
-- Lines put off to the end: those that end a running right, and those that a first load cannot settle alone.
create table registry.feed_later (
    feed bigint not null references registry.feed on delete cascade,
    line bigint not null,
    ends boolean not null,
    primary key (feed, line)
);
-- Indexes and keys taken off the empty register for its first load, to be built again.
create table registry.set_aside (
    relation   text not null,
    name       text not null,
    place      smallint not null,                            -- keys first
    definition text not null,
    primary key (relation, name)
);

alter table coverage.coverage
    add column effective_day integer not null default 0,     -- the day for which this was told: an older file says nothing
    add column told bigint not null default 0;               -- 64 bits of the digest of the file that last told it

-- Identifiers that led to somebody until a correction took them away.
create table person.former_key (
    idx           uuid not null,
    person        bigint not null,
    insurer       smallint not null,
    effective_day integer not null,
    feed          bigint not null,
    primary key (idx, person, feed)
);
