-- Prior agreements (docs/adr/0100): what an insurer promises before the care. One quotes an engagement number of its own place,
-- and names nobody. Amounts in cents; days since 1970-01-01. Nothing is deleted before its time: it is quoted, granted, refused,
-- then invoiced, over or taken back.
create table care.agreement (
    id            bigint primary key,               -- random; what an invoice quotes
    establishment bigint not null,
    professional  bigint not null,
    line          bigint not null,                  -- the login and device that asked for it
    reference     text not null check (length(reference) between 1 and 20),   -- the place's own number
    kind          smallint not null check (kind in (1, 2)),     -- billing.agreements.model.AgreementKind
    engagement    bigint not null,                  -- care.engagement.seq
    person        bigint not null,                  -- whom the engagement is about
    insurer       smallint not null references registry.insurer,
    domain        smallint not null,
    care_day      integer not null,                 -- the first day of care, whose tariffs and benefits price it
    until_day     integer,                          -- the last; once granted
    price         integer not null check (price > 0),
    amo           integer not null check (amo >= 0),            -- what the compulsory scheme pays, as stated
    asked         integer not null check (asked between 1 and price - amo),
    digest        bytea not null check (octet_length(digest) = 32),   -- of what was sent: the same again changes nothing
    at            timestamptz not null default now(),
    entry         bigint not null,                  -- its line of the journal
    state         smallint not null default 1,      -- billing.agreements.model.AgreementState
    reason        smallint not null default 0,      -- billing.model.InvoiceReason
    due           integer not null default 0 check (due between 0 and asked),
    decided       timestamptz,
    edition       bigint,                           -- of the tariffs and benefits by which it was decided
    ended         timestamptz,                      -- invoiced, over or taken back at; null again once given back
    cancelled_why text check (length(cancelled_why) between 1 and 100),
    check ((until_day is not null) >= (state in (3, 5, 6))),
    check ((state in (5, 6, 7)) = (ended is not null)),
    unique (establishment, reference)
);
create table care.agreement_line (
    agreement bigint not null references care.agreement on delete cascade,
    n         smallint not null check (n between 1 and 20),
    item      text not null check (item ~ '^[A-Z0-9]{2,12}$'),
    quantity  smallint not null check (quantity between 1 and 99),
    price     integer not null check (price > 0),
    amo       integer not null check (amo >= 0),
    asked     integer not null check (asked between 0 and price - amo),
    due       integer check (due between 0 and asked),          -- once decided
    primary key (agreement, n)
);
create index agreement_waiting on care.agreement (at) where state = 1;
create index agreement_granted on care.agreement (until_day) where state = 3;
create index agreement_reserves on care.agreement (person, insurer, domain) where state in (3, 5);
create index agreement_engagement on care.agreement (engagement);
create index agreement_own on care.agreement (establishment, at desc, id);

-- An invoice quotes an answer, a receipt or an agreement; one at a time of those that stand.
alter table care.invoice add column agreement bigint;
do $$ declare old name; begin
    select c.conname into strict old from pg_constraint c
    where c.conrelid = 'care.invoice'::regclass and pg_get_constraintdef(c.oid) like '%engagement%deposit%';
    execute format('alter table care.invoice drop constraint %I', old);
end $$;
alter table care.invoice add constraint invoice_quotes check (num_nonnulls(engagement, deposit, agreement) = 1);
create unique index invoice_agreement on care.invoice (agreement) where agreement is not null and state not in (3, 4);
create index paid_of_invoice on bank.paid_invoice (invoice);
