-- What is due is paid by grouped transfers (docs/adr/0099): one file for the bank for each batch, one credit for each
-- establishment in it. A row holds no part of an IBAN: it names the account. Amounts in cents.
create table bank.batch (
    id        bigint primary key,                   -- random
    insurer   smallint not null references registry.insurer,
    state     smallint not null default 1,          -- billing.settlement.model.BatchState
    prepared  timestamptz not null default now(),
    transfers integer not null check (transfers > 0),
    total     bigint not null check (total > 0),    -- as prepared: what people approve
    approved  timestamptz,
    filed     timestamptz,
    sent      integer check (sent between 1 and transfers),              -- how many credits the file holds
    sent_total bigint check (sent_total between 1 and total),
    digest    bytea check (octet_length(digest) = 32),                   -- SHA-256 of the file, before it is encrypted
    ended     timestamptz,
    check ((filed is null) = (digest is null) and (filed is null) = (sent is null) and (filed is null) = (sent_total is null)),
    check ((state in (4, 5, 6)) = (ended is not null))
);
create unique index batch_prepared on bank.batch (insurer) where state = 1;
create index batch_insurer on bank.batch (insurer, prepared desc);
create index batch_own on bank.batch (prepared desc, id);
create index batch_over on bank.batch (ended) where ended is not null;

create table bank.transfer (
    id            bigint primary key,               -- random; its name on the bank's statement
    batch         bigint not null references bank.batch on delete cascade,
    establishment bigint not null,
    account       bigint not null,                  -- bank.account in force when it was prepared
    amount        bigint not null check (amount > 0),
    state         smallint not null default 1,      -- billing.settlement.model.TransferState
    why           smallint not null default 0,      -- billing.settlement.model.Left, or Returned once it came back
    ended         timestamptz,
    unique (batch, establishment),
    check ((state = 1) = (ended is null))
);
create index transfer_own on bank.transfer (establishment, id);
create index transfer_account on bank.transfer (account) where state = 3;

-- What a transfer paid, whatever became of its invoices since.
create table bank.paid_invoice (
    transfer bigint not null references bank.transfer on delete cascade,
    invoice  bigint not null,
    due      integer not null check (due > 0),
    primary key (transfer, invoice)
);

-- Who of the staff said what of a batch, or of one transfer in it. Two who say the same make it so; for some, one does.
create table bank.word (
    batch   bigint not null references bank.batch on delete cascade,
    subject bigint not null,                        -- the batch, or a transfer of it
    what    smallint not null,                      -- billing.settlement.model.Word
    staff   bigint not null,
    detail  smallint not null default 0,            -- billing.settlement.model.Returned
    name    text not null check (length(name) between 1 and 100),
    said    text not null check (length(said) <= 300),
    at      timestamptz not null default now(),
    primary key (batch, subject, what, staff)       -- nobody counts twice
);
