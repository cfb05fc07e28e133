-- Told at a first look-up: a person's own wish, off until she asks for it and proves her address.
create table notice.wish_key (                      -- to what addresses are sealed; only `notices` opens them
    one       boolean primary key default true check (one),
    recipient text not null check (length(recipient) <= 100),
    at        timestamptz not null default now()
);
create table notice.wish (
    id        bigint primary key,
    person    bigint not null,
    language  text not null check (language in ('fr', 'en')),
    sealed    bytea check (octet_length(sealed) <= 2048),   -- address and code; null once it has ended
    code      bytea,                                -- SHA-256 of (id, code), until it is proved
    token     bytea not null unique check (octet_length(token) = 10),   -- in Message-ID and return path; random
    tries     smallint not null default 0,          -- codes typed that were not the one
    made      timestamptz not null default now(),
    begun     timestamptz,                          -- the code's sending
    sent      timestamptz,
    proved    timestamptz,
    ended     timestamptz,
    ended_why text check (ended_why in ('stopped', 'replaced', 'late', 'tries', 'refused', 'left')),
    check ((sealed is null) = (ended is not null))
);
create unique index wish_person on notice.wish (person) where proved is not null and ended is null;
create index wish_made on notice.wish (person, made);
create index wish_code on notice.wish (made) where begun is null and ended is null;
create table notice.first_look (                    -- one professional's first look-up of one person: told once
    person       bigint not null,
    professional bigint not null,
    wish         bigint not null references notice.wish on delete cascade,
    seq          bigint not null,                   -- the ask's journal line
    at           timestamptz not null default now(),
    token        bytea not null unique check (octet_length(token) = 10),
    due          timestamptz not null default now(),
    attempts     smallint not null default 0,
    begun        timestamptz,                       -- in doubt from here until `ended`
    ended        timestamptz,
    how          text check (how in ('sent', 'known', 'refused', 'doubtful', 'stopped')),
    code         text not null default '' check (length(code) <= 24),   -- the server's code, never its words
    primary key (person, professional),
    check ((ended is null) = (how is null))
);
create index first_look_waiting on notice.first_look (due) where ended is null;
create index first_look_wish on notice.first_look (wish);
create table notice.look_upto (leaf bigint not null);       -- the last leaf looked at
insert into notice.look_upto
select coalesce((select first_idx + n from journal.placed order by first_idx desc limit 1), 0) - 1;

-- Care that a peer says was invoiced in somebody's name, whether anybody had asked about her or not.
create table care.billed (
    id            uuid primary key,                 -- keyed: peer and document number
    person        bigint not null,
    establishment bigint not null,
    peer          smallint not null references presence.peer,
    care_day      integer not null,
    asked         boolean not null,                 -- somebody at that place had asked about her
    at            timestamptz not null default now(),
    withdrawn     timestamptz
);
create index billed_person on care.billed (person, at);
create index billed_at on care.billed (at);
alter table notice.person_report                    -- "it was not me" may be about an invoice nobody asked about
    alter column seq drop not null,
    add column billed uuid,
    add check (seq is not null or billed is not null);
create unique index person_report_billed on notice.person_report (person, billed) where billed is not null;

-- A person's request at each insurer that has a copy of her record: who she is to it, and what it answers.
create table notice.request_slip (
    request   bigint not null references notice.rights_request on delete cascade,
    insurer   smallint not null references registry.insurer,
    recipient bigint not null references notice.recipient,
    sealed    bytea not null check (octet_length(sealed) <= 4096),   -- age: her member number, to the insurer's key
    made_at   timestamptz not null default now(),
    primary key (request, insurer)
);
create table notice.request_reply (
    request bigint not null references notice.rights_request on delete cascade,
    insurer smallint not null references registry.insurer,
    outcome text not null,                          -- one of the written outcomes of the request's kind
    at      timestamptz not null default now(),
    staff   bigint not null,
    name    text not null,
    entry   bigint not null,
    primary key (request, insurer)
);

-- How many lines that show somebody were written today: counted with each line, so that a look reads a few rows and not as
-- many lines as there were.
create table gate.shown (
    scope text not null check (scope in ('office', 'persons')),
    slot  smallint not null,                        -- writers of one moment have different ones, and do not wait
    day   integer not null,
    n     integer not null,
    primary key (scope, slot)
) with (fillfactor = 50);
insert into gate.shown (scope, slot, day, n)
select case when e.kind = 14 then 'persons' else 'office' end, 0,
       (now() at time zone 'Europe/Paris')::date - date '1970-01-01', count(*)
from journal.batch b join journal.entry e on e.seq between b.block * 256 and b.block * 256 + 255
where b.at >= date_trunc('day', now() at time zone 'Europe/Paris') at time zone 'Europe/Paris'
  and e.kind in (5, 6, 14) and e.person <> 0
group by 1;
drop index journal.entry_staff_shown, journal.entry_person_opened;   -- what counted read them, and nothing else did

-- Secrecy: one asks, another confirms.
create table incident.secrecy_ask (
    incident bigint primary key references incident.incident,
    until    timestamptz not null,
    why      text not null check (length(why) between 1 and 300),
    staff    bigint not null,
    name     text not null,
    at       timestamptz not null
);
alter table incident.secrecy add column confirmed_by text, add column ended_by text;
