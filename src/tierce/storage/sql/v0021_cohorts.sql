-- Each list by cohort and by controller; professionals exposed; whom the journal cannot settle; what changed since the
-- list before. Rows are added with their list, and never changed.
alter table incident.incident add column dismissed_at timestamptz;   -- since when it is proved not to be a breach
alter table incident.scope add column possible bigint, add column excluded bigint;   -- people; null: not counted then

create table incident.possible (                    -- the journal cannot tell: told so when they ask, never "no"
    incident   bigint not null,
    revision   smallint not null,
    person     bigint not null,
    insurer    smallint not null,                   -- 0: asked for, and nobody's copy was opened
    categories integer not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    entries    integer not null,
    rule       text not null,
    primary key (incident, revision, person, insurer),
    foreign key (incident, revision) references incident.scope
);
create table incident.exposed_professional (        -- whoever's own account was used by somebody else
    incident     bigint not null,
    revision     smallint not null,
    professional bigint not null,
    categories   integer not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    entries      bigint not null,                   -- lines under the account, sign-ins included
    primary key (incident, revision, professional),
    foreign key (incident, revision) references incident.scope
);
create table incident.cohort (
    incident   bigint not null,
    revision   smallint not null,
    cohort     text not null check (cohort in ('insured', 'invoices', 'professionals')),
    persons    bigint not null,                     -- different people
    pairs      bigint not null,                     -- (person, controller)
    entries    bigint not null,
    categories integer not null,
    primary key (incident, revision, cohort),
    foreign key (incident, revision) references incident.scope
);
create table incident.cohort_controller (
    incident   bigint not null,
    revision   smallint not null,
    cohort     text not null check (cohort in ('insured', 'invoices', 'professionals')),
    controller smallint not null,                   -- an insurer; 0 is the operator
    pairs      bigint not null,
    entries    bigint not null,
    categories integer not null,
    primary key (incident, revision, cohort, controller),
    foreign key (incident, revision) references incident.scope
);
create table incident.difference (                  -- pairs of each insurer, beside the list before
    incident bigint not null,
    revision smallint not null check (revision > 1),
    insurer  smallint not null,
    added    bigint not null,
    gone     bigint not null,
    changed  bigint not null,                       -- other categories than before
    primary key (incident, revision, insurer),
    foreign key (incident, revision) references incident.scope
);

-- Lists made before are counted here; their professionals were not looked for, so that cohort has no row.
with pair as (
    select *, case when categories & (64 | 128) <> 0 then 'invoices' else 'insured' end as cohort from incident.exposed)
insert into incident.cohort_controller
    select incident, revision, cohort, insurer, count(*), sum(entries), bit_or(categories)
    from pair group by incident, revision, cohort, insurer;
with pair as (
    select *, case when categories & (64 | 128) <> 0 then 'invoices' else 'insured' end as cohort from incident.exposed),
people as (
    select incident, revision, cohort, count(distinct person) as persons, count(*) as pairs, sum(entries) as entries,
        bit_or(categories) as categories
    from pair group by incident, revision, cohort)
insert into incident.cohort
    select s.incident, s.revision, c.cohort, coalesce(p.persons, 0), coalesce(p.pairs, 0), coalesce(p.entries, 0),
        coalesce(p.categories, 0)
    from incident.scope s cross join (values ('insured'), ('invoices')) c (cohort)
        left join people p using (incident, revision, cohort);
