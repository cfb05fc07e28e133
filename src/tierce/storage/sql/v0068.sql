-- What was paid of an invoice and turns out not to be due (docs/adr/0107): two of the staff say so, the place is told and may
-- contest, then it is taken from its next transfers of the same insurer, a part of each at most. Amounts in cents.
create table bank.recovery (
    id            bigint primary key,               -- random; what the place quotes when it contests
    invoice       bigint not null,                  -- which may be deleted before: what follows of it is kept
    reference     text not null,                    -- the place's own number of it
    care_day      integer not null,
    paid          integer not null,
    establishment bigint not null,
    insurer       smallint not null references registry.insurer,
    amount        integer not null check (amount > 0),
    reason        smallint not null,                -- billing.settlement.recoveries.model.Reason
    said          text not null check (length(said) between 1 and 300),   -- told to the place
    opened        timestamptz not null default now(),
    approved      timestamptz,
    due           timestamptz,                      -- nothing is taken before: until then it may be contested
    cancelled     timestamptz,
    check ((approved is null) = (due is null))
);
-- An invoice is recovered once: even one that is cancelled after it was told is not opened again.
create unique index recovery_invoice on bank.recovery (invoice) where approved is not null or cancelled is null;
create index recovery_place on bank.recovery (establishment, insurer);
create index recovery_own on bank.recovery (opened desc, id);

-- Who of the staff said what of it: two who approve, or cancel, make it so.
create table bank.recovery_word (
    recovery bigint not null references bank.recovery on delete cascade,
    what     smallint not null,                     -- billing.settlement.recoveries.model.Said
    staff    bigint not null,
    name     text not null check (length(name) between 1 and 100),
    said     text not null check (length(said) <= 300),
    at       timestamptz not null default now(),
    primary key (recovery, what, staff)             -- nobody counts twice
);

-- What a transfer took of a recovery, or gives back of a cancelled one, below zero. It counts while the transfer is ordered or paid.
create table bank.recovered (
    transfer bigint not null references bank.transfer on delete cascade,
    recovery bigint not null references bank.recovery on delete cascade,
    amount   bigint not null check (amount <> 0),
    primary key (transfer, recovery)
);
create index recovered_of on bank.recovered (recovery);
