-- Requests that a person of the insurer decides (docs/adr/0122): from which amount of a benefit, by which day, and who read which.
-- Amounts in cents, days since 1970-01-01.
alter table registry.benefit add column review_from integer check (review_from >= 0);
alter table care.agreement add column answer_by integer;        -- the last day on which she may answer; once it was left to her
alter table care.agreement add check (state <> 8 or kind = 2 and answer_by is not null and until_day is not null);
drop index care.agreement_reserves;
create index agreement_reserves on care.agreement (person, insurer, domain) where state in (3, 5, 8);
create index agreement_reviewed on care.agreement (insurer, at, id) where state = 8;

create table care.review_read (                     -- which of an insurer's staff read which request, each day: bounded by this
    insurer   smallint not null,
    day       integer not null,
    staff     bigint not null,
    agreement bigint not null references care.agreement on delete cascade,
    primary key (insurer, day, staff, agreement)
);
create index review_read_day on care.review_read (day);
create index review_read_agreement on care.review_read (agreement);
