-- Care that professionals invoice (docs/adr/0093). An invoice quotes what guarantees it: the engagement number of an answer,
-- or the receipt of a deposit. It names nobody: the person and the insurer are read from what it quotes. Amounts in cents.
create table care.invoice (
    id            bigint primary key,               -- random
    establishment bigint not null,
    professional  bigint not null,
    line          bigint not null,                  -- the login and device that sent it
    reference     text not null check (length(reference) between 1 and 20),   -- the place's own number
    engagement    bigint,                           -- care.engagement.seq
    deposit       bigint,                           -- care.deposit.number
    person        bigint,                           -- whom the engagement is about; null for a deposit
    insurer       smallint not null references registry.insurer,
    domain        smallint not null,
    care_day      integer not null,
    price         integer not null check (price > 0),
    amo           integer not null check (amo >= 0),            -- what the compulsory scheme pays, as stated
    asked         integer not null check (asked between 1 and price - amo),
    digest        bytea not null check (octet_length(digest) = 32),   -- of what was sent: the same again changes nothing
    at            timestamptz not null default now(),
    entry         bigint not null,                  -- its line of the journal
    state         smallint not null default 1,      -- billing.model.InvoiceState
    reason        smallint not null default 0,      -- billing.model.InvoiceReason
    due           integer not null default 0 check (due between 0 and asked),
    decided       timestamptz,
    edition       bigint,                           -- of the tariffs and benefits by which it was decided
    cancelled     timestamptz,
    cancelled_why text check (length(cancelled_why) between 1 and 100),
    transfer      bigint,                           -- the grouped transfer that pays it
    check ((engagement is null) <> (deposit is null)),
    unique (establishment, reference)
);
create table care.invoice_line (
    invoice  bigint not null references care.invoice on delete cascade,
    n        smallint not null check (n between 1 and 40),
    item     text not null check (item ~ '^[A-Z0-9]{2,12}$'),
    quantity smallint not null check (quantity between 1 and 99),
    price    integer not null check (price > 0),
    amo      integer not null check (amo >= 0),
    asked    integer not null check (asked between 0 and price - amo),
    due      integer check (due between 0 and asked),           -- once decided
    primary key (invoice, n)
);
-- Engagements and receipts that a line quoted and that are not its place's, by day: whoever tries numbers is stopped there.
create table care.invoice_missed (
    line bigint not null,
    day  integer not null,
    n    integer not null,
    primary key (line, day)
);
create index invoice_waiting on care.invoice (at) where state = 1;
create index invoice_payable on care.invoice (establishment, insurer) where state in (2, 7);
create index invoice_engagement on care.invoice (engagement, care_day) where engagement is not null;
create index invoice_deposit on care.invoice (deposit) where deposit is not null;
create index invoice_own on care.invoice (establishment, at desc, id);
create index invoice_person on care.invoice (person, care_day) where person is not null;
create index invoice_transfer on care.invoice (transfer) where transfer is not null;

-- "It was not me" may be about an invoice that the place itself sent.
alter table notice.person_report
    drop constraint person_report_check,
    add column invoice bigint,
    add check (seq is not null or billed is not null or invoice is not null);
create unique index person_report_invoice on notice.person_report (person, invoice) where invoice is not null;
