-- Deposits left while closed, and what insurers chose to guarantee then (policy/deposits.py).
create table registry.deposit_choice (              -- an insurer's written choice; amounts in cents
    insurer   smallint not null references registry.insurer,
    domain    smallint not null,
    up_to     integer not null check (up_to > 0),
    from_day  integer not null,
    until_day integer not null check (until_day >= from_day),
    at        timestamptz not null,
    by        text not null,
    primary key (insurer, domain, from_day)
);
create table care.deposit (
    number        bigint primary key,               -- the spool's number and its counter; printed permuted
    key           uuid not null,                    -- keyed digest of session and body, as the spool has it
    received      timestamptz not null,
    state         smallint not null,                -- policy.deposits.DepositState
    reason        smallint not null,                -- policy.deposits.DepositReason
    resolved      timestamptz,
    establishment bigint,                           -- from here on known once resolved; null for an unknown session
    professional  bigint,
    line          bigint,
    insurer       smallint,
    domain        smallint,
    amount        integer,                          -- in cents
    care_day      integer,
    label         text check (length(label) <= 40), -- what the professional typed
    twin          uuid,                             -- keyed number of the same care of the same person, here
    sealed        bytea                             -- what was typed, for the worker's key alone; null once destroyed
);
create index deposit_waiting on care.deposit (number) where state = 1;
create index deposit_line on care.deposit (line, received) where state = 2;
create index deposit_twin on care.deposit (twin) where twin is not null;
create index deposit_received on care.deposit (received);
