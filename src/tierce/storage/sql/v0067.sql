-- What the bank replied, read from its own files (docs/adr/0106): shown to staff, and counted as nobody's word. No part of an IBAN.
create table bank.reply_file (
    id     bigint primary key,                      -- random; its line of the journal has it as reference
    kind   smallint not null,                       -- billing.settlement.replies.model.Kind
    name   text not null check (length(name) between 1 and 35),   -- the bank's own number, without our account if it held it
    made   text not null check (length(made) between 1 and 40),   -- the bank's own time, as it writes it
    digest bytea not null check (octet_length(digest) = 32),      -- SHA-256 of what was read
    entry  bigint not null,
    at     timestamptz not null default now(),
    unique (kind, name, made)                       -- the same message is taken once
);
create index reply_file_at on bank.reply_file (at);

create table bank.reply (
    batch   bigint not null references bank.batch on delete cascade,
    subject bigint not null,                        -- the batch, or a transfer of it
    what    smallint not null,                      -- billing.settlement.replies.model.What
    file    bigint not null references bank.reply_file,
    day     integer not null,                       -- booked on, or written on
    amount  bigint not null check (amount > 0),
    code    text not null check (code ~ '^[A-Z0-9]{0,4}$'),       -- an ISO 20022 code; empty where the bank gives none
    primary key (subject, what)                     -- a second booking of one transfer is refused, not added
);
create index reply_batch on bank.reply (batch);
create index reply_file_of on bank.reply (file);
