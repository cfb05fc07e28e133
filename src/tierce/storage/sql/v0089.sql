-- Agreements that nothing decides end as invoices do (docs/adr/0129): why `billing` could not, since when, what the place is told.
alter table care.agreement
    add column undecided smallint check (undecided between 1 and 4),      -- billing.refusing.model.Obstacle; while it waits
    add column undecided_since timestamptz,
    add column refused_said text check (length(refused_said) between 1 and 300),
    add check ((undecided is null) = (undecided_since is null)),
    add check (refused_said is null or state = 4);
create index agreement_undecided on care.agreement (undecided_since, id) where state = 1 and undecided is not null;
create index agreement_promised on care.agreement (insurer, care_day) where state in (3, 9);   -- what ends with its contract
alter table care.refusal_word
    drop constraint refusal_word_pkey,
    alter column invoice drop not null,
    add column agreement bigint references care.agreement on delete cascade,
    add check (num_nonnulls(invoice, agreement) = 1),
    add unique nulls not distinct (invoice, agreement, staff);              -- nobody counts twice
create index refusal_word_agreement on care.refusal_word (agreement);
