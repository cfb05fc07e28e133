-- Invoices that nothing decides (docs/adr/0129): why `billing` could not, since when, what the place is told once two of the staff refuse.
alter table care.invoice
    add column undecided smallint check (undecided between 1 and 4),      -- billing.refusing.model.Obstacle; while it waits
    add column undecided_since timestamptz,
    add column refused_said text check (length(refused_said) between 1 and 300),
    add check ((undecided is null) = (undecided_since is null)),
    add check (refused_said is null or state = 3);
create index invoice_undecided on care.invoice (undecided_since, id) where state = 1 and undecided is not null;

-- Who of the staff would refuse one, for which reason, in which words: two who say the same make it so.
create table care.refusal_word (
    invoice bigint not null references care.invoice on delete cascade,
    staff   bigint not null,
    name    text not null check (length(name) between 1 and 100),
    reason  smallint not null,                      -- billing.model.InvoiceReason
    said    text not null check (length(said) between 1 and 300),         -- told to the place
    at      timestamptz not null default now(),
    primary key (invoice, staff)                    -- nobody counts twice
);
