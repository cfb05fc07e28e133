-- 0002: several periods of one insurer; who is contracted with whom; the day of care of an engagement.

alter table coverage.coverage drop constraint coverage_pkey;
alter table coverage.coverage add primary key (person, insurer, from_day);   -- periods of one insurer never overlap

-- Domains for which an insurer lists whom it is contracted with; for the others, everybody who may ask about the
-- domain is (the default of contracts signed for a whole profession).
alter table registry.insurer add column listed_domains integer not null default 0;
create table registry.convention (
    insurer   smallint not null references registry.insurer,
    party     smallint not null check (party in (1, 2, 3)),  -- 1 a whole profession, 2 an establishment, 3 a professional
    subject   bigint not null,                               -- its number: profession, establishment or professional
    domain    smallint not null,
    from_day  integer not null,
    until_day integer not null check (until_day >= from_day),
    primary key (insurer, party, subject, domain, from_day)
);

-- An answer opened again is for the day of care of the first; those given before were for the day they were given.
alter table care.engagement add column care_day integer;
update care.engagement set care_day = (at at time zone 'Europe/Paris')::date - date '1970-01-01';
alter table care.engagement alter column care_day set not null;
