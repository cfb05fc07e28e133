-- Accounts of establishments (docs/adr/0095). An IBAN is sealed to the key of `billing` and read by nobody else: what pages
-- show is its country and its last four. Nothing is edited back: a new ask is a new row.
create table bank.account (
    id            bigint primary key,               -- random
    establishment bigint not null references directory.establishment,
    sealed        bytea,                            -- HPKE, bound to the establishment; null once forgotten
    country       text not null check (country ~ '^[A-Z]{2}$'),
    tail          text not null check (tail ~ '^[A-Z0-9]{4}$'),
    holder        text check (length(holder) between 2 and 70),   -- as the account's statement prints it; null once forgotten
    state         smallint not null default 1,      -- billing.bank.model.AccountState
    why           smallint not null default 0,      -- billing.bank.model.AccountReason
    said          text check (length(said) between 1 and 300),    -- what staff wrote as they refused it
    origin        smallint not null,                -- billing.bank.model.Origin
    professional  bigint references directory.professional,      -- who asked; null: the operator's own file
    line          bigint,                           -- her login and device
    session       bigint,
    asked         timestamptz not null default now(),
    due           timestamptz not null,             -- before it, nobody puts it in force
    twin          uuid,                             -- keyed by `billing` once it opened it: the same IBAN elsewhere
    since         timestamptz,                      -- in force since
    ended         timestamptz,                      -- replaced, refused or withdrawn at
    ended_by      text check (length(ended_by) <= 100),           -- the member of staff who refused it
    stopped_by    bigint references directory.professional,      -- the professional who objected or took it back
    check (state not in (1, 2, 3) or (sealed is not null and holder is not null)),
    check ((state = 3) <= (since is not null)),
    check ((state in (4, 5, 6)) = (ended is not null))
);
create unique index account_in_force on bank.account (establishment) where state = 3;
create unique index account_under_way on bank.account (establishment) where state in (1, 2);
create index account_twin on bank.account (twin) where twin is not null;
create index account_own on bank.account (establishment, asked desc);
create index account_over on bank.account (ended) where ended is not null;

-- Who of the staff called, whom she spoke to, on a number taken from where.
create table bank.confirmation (
    account     bigint not null references bank.account on delete cascade,
    staff       bigint not null,
    name        text not null check (length(name) between 1 and 100),
    number_from smallint not null,                  -- billing.bank.model.NumberFrom
    spoken_with text not null check (length(spoken_with) between 2 and 80),
    said        text not null check (length(said) between 1 and 300),
    at          timestamptz not null default now(),
    primary key (account, staff)                    -- nobody confirms twice
);

-- Who is told by e-mail, at the address that was on file before the ask.
create table bank.told (
    token        bytea primary key check (octet_length(token) = 10),
    account      bigint not null references bank.account on delete cascade,
    professional bigint not null references directory.professional,
    what         smallint not null,                 -- billing.bank.model.Told
    email        text not null,                     -- as it was on file then: what changes afterwards does not turn it away
    language     text not null check (language in ('fr', 'en')),
    at           timestamptz not null default now(),
    due          timestamptz not null default now(),
    begun        timestamptz,
    attempts     smallint not null default 0,
    ended        timestamptz,
    how          text check (how in ('sent', 'known', 'refused', 'doubtful')),
    code         text,
    unique (account, professional, what)
);
create index told_waiting on bank.told (due) where ended is null;
