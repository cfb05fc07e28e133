-- Accounts of establishments (docs/adr/0095). An IBAN is sealed to the key of `billing` and read by nobody else: what pages
-- show is its country and its last four. The rows of a change are never edited back: a new ask is a new row.
create table bank.account (
    id            bigint primary key,               -- random
    establishment bigint not null references directory.establishment,
    sealed        bytea,                            -- HPKE, bound to the establishment; null once forgotten
    country       text not null check (country ~ '^[A-Z]{2}$'),
    tail          text check (tail ~ '^[A-Z0-9]{4}$'),
    holder        text check (length(holder) between 2 and 70),   -- as printed on the statement of the account
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
    examined      timestamptz,
    since         timestamptz,                      -- in force since
    ended         timestamptz,                      -- replaced, refused or withdrawn at
    entry         bigint not null,                  -- the line of the journal of its ask
    check (state not in (1, 2, 3) or (sealed is not null and tail is not null and holder is not null)),
    check ((state = 3) <= (since is not null)),
    check ((state in (4, 5, 6)) = (ended is not null))
);
create unique index account_in_force on bank.account (establishment) where state = 3;
create unique index account_under_way on bank.account (establishment) where state in (1, 2);
create index account_twin on bank.account (twin) where twin is not null;
create index account_own on bank.account (establishment, asked desc);
