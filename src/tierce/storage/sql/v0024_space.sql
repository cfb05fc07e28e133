-- Persons are answered: a report "it was not me", a request of access, correction or erasure; and what waits.
alter table notice.person_report
    add column answer text,                         -- which written outcome; never free text
    add column answered timestamptz,
    add column answered_by text;

create table notice.rights_request (                -- GDPR articles 15 to 17
    id          bigint primary key,                 -- her receipt is made of it
    person      bigint not null,
    kind        text not null check (kind in ('access', 'correction', 'erasure')),
    subject     text not null,                      -- chosen from a list: no free text
    insurers    smallint[] not null,                -- the controllers whose copies she has
    made        timestamptz not null,
    due         timestamptz not null,               -- one month, article 12(3)
    forwarded   timestamptz,                        -- to these insurers
    forwarded_by text,
    answer      text,
    answered    timestamptz,
    answered_by text
);
create index on notice.rights_request (person);
create index on notice.rights_request (due) where answered is null;

create table incident.secrecy (                     -- an authority asked that persons be told later
    incident bigint primary key references incident.incident,
    until    timestamptz not null,
    why      text not null,
    "by"     text not null,
    at       timestamptz not null
);
