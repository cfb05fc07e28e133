-- Being in the national directory is not being a client: enrolment, substitutes, and what was true on an earlier day.

-- Where a row of the directory comes from and since when it reads as it does (a civil day in Paris).
alter table directory.professional
    alter column profession set default 0,                 -- 0: a profession that the operator does not serve
    add column source smallint not null default 1,         -- 1 the operator's own file, 2 the national extraction
    add column profession_code text not null default '',   -- as the national extraction writes them
    add column category_code text not null default '',
    add column skill_codes text[] not null default '{}',
    add column since_day integer not null default 0;
alter table directory.establishment
    alter column finess drop not null,
    add column legal_finess text,
    add column siret text,
    add column structure text,                             -- the national directory's own number of the structure
    add column category text not null default '',
    add column registered boolean not null default false,  -- FINESS named it: its name and town are FINESS's
    add column active boolean not null default true,
    add column since_day integer not null default 0,
    add column place_key text generated always as (coalesce('F' || finess, 'S' || siret, 'T' || structure)) stored;
create unique index establishment_place on directory.establishment (place_key);
create index establishment_siret on directory.establishment (siret) where siret is not null;

-- Who is a client, place by place. A step that is over is in directory.past.
create table directory.enrolment (
    id            bigint generated always as identity primary key,
    professional  bigint not null references directory.professional,
    establishment bigint not null references directory.establishment,
    status        smallint not null check (status between 1 and 4),   -- 1 applied, 2 enrolled, 3 suspended, 4 ended
    manager       boolean not null default false,   -- may enrol others of this establishment
    contract      text not null default '' check (length(contract) <= 60),
    reason        text not null default '' check (length(reason) <= 400),
    by            text not null default '',
    since_day     integer not null default 0,
    at            timestamptz not null default now(),
    unique (professional, establishment)
);
create index enrolment_waiting on directory.enrolment (at) where status = 1;
create index enrolment_establishment on directory.enrolment (establishment);

-- A substitute at work for bounded days, under her own login; each has an activity of its own.
create table directory.substitution (
    id            bigint generated always as identity primary key,
    professional  bigint not null references directory.professional,    -- the substitute
    replaces      bigint not null references directory.professional,
    establishment bigint not null references directory.establishment,
    profession    smallint not null,
    from_day      integer not null,
    until_day     integer not null check (until_day >= from_day),       -- its last day
    by            text not null,
    reason        text not null default '',
    ended_day     integer,                                              -- ended before its last day
    ended_by      text,
    at            timestamptz not null default now()
);
create index substitution_establishment on directory.substitution (establishment, until_day);

-- What the gate reads is `active`, from_day and until_day; `active` is never written, it follows from the rest.
alter table directory.activity
    drop constraint activity_professional_establishment_profession_key,
    add column source smallint not null default 1,
    add column listed boolean not null default true,        -- the directory names it now
    add column mode_code text not null default '',
    add column sector_code text not null default '',
    add column role_code text not null default '',
    add column kind_code text not null default '',
    add column substitution bigint references directory.substitution,
    add column from_day integer not null default 0,
    add column until_day integer not null default 2147483647,
    add column since_day integer not null default 0;
create unique index activity_listed on directory.activity (professional, establishment, profession)
    where substitution is null;
create index activity_establishment on directory.activity (establishment);
create unique index activity_substitution on directory.activity (substitution) where substitution is not null;

-- What a row said before, from the first day on which it did to the first on which it no longer did.
create table directory.past (
    n         bigint generated always as identity primary key,
    kind      smallint not null check (kind between 1 and 4),  -- professional, establishment, activity, enrolment
    subject   bigint not null,
    from_day  integer not null,
    until_day integer not null,
    was       jsonb not null,
    at        timestamptz not null default now()
);
create index past_subject on directory.past (kind, subject, from_day);

-- An installation of version 0001: whoever has worked at a place through a session is a client there; the directory
-- alone never made one.
insert into directory.enrolment (professional, establishment, status, reason, by, since_day)
select distinct a.professional, a.establishment, 2, 'already at work here before enrolment was kept', 'upgrade',
       (now() at time zone 'Europe/Paris')::date - date '1970-01-01'
from access.session s join directory.activity a on a.id = s.activity;
update directory.activity a set listed = a.active, active = a.active and exists (
    select from directory.enrolment e where e.professional = a.professional and e.establishment = a.establishment);
