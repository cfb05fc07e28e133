-- Assistants (docs/adr/0116): people without a national number whom a professional names for one place, until a day. They sign in with
-- a passkey of their own, and what they ask is hers: her line, her seats.
create table access.assistant (
    id            bigint generated always as identity primary key,
    professional  bigint not null references directory.professional,
    establishment bigint not null references directory.establishment,
    activity      integer not null references directory.activity,   -- the one that the naming session acted under
    family_name   text not null check (length(family_name) between 1 and 60),
    given_name    text not null check (length(given_name) between 1 and 60),
    handle        bytea not null unique check (octet_length(handle) = 16),  -- how her passkeys name her: says nothing of her
    until_day     integer not null,                 -- the last day, included
    login         bigint not null,                  -- of whoever named her, and the device: what holds either holds her
    device        bigint not null,
    created       timestamptz not null default now(),
    used          timestamptz,                      -- her last sign-in
    ended         timestamptz,
    ended_by      text check (length(ended_by) between 1 and 100),
    ended_why     text check (length(ended_why) between 1 and 500)
);
create index assistant_professional on access.assistant (professional, establishment);
create index assistant_device on access.assistant (device);
create index assistant_establishment on access.assistant (establishment);
create index assistant_activity on access.assistant (activity);
create table access.assistant_code (                -- the code that was told once; deleted when used
    assistant bigint primary key references access.assistant on delete cascade,
    code      bytea not null unique check (octet_length(code) = 32),        -- SHA-256
    network   bytea not null,                       -- that of the session that asked for it, and its login and device
    login     bigint not null,
    device    bigint not null,
    made      timestamptz not null default now()
);
create table access.passkey (
    credential bytea primary key check (octet_length(credential) between 16 and 1023),
    assistant  bigint not null references access.assistant on delete cascade,
    public_key bytea not null check (octet_length(public_key) between 32 and 500),  -- COSE
    counter    bigint not null check (counter >= 0),
    login      bigint not null,                     -- of whoever asked for its code, and the device: what holds either holds it
    device     bigint not null,
    made       timestamptz not null default now(),
    used       timestamptz
);
create index passkey_assistant on access.passkey (assistant);
create index passkey_device on access.passkey (device);
create table access.passkey_challenge (             -- what a browser is to sign; deleted when used
    challenge bytea primary key check (octet_length(challenge) = 32),       -- SHA-256
    binding   bytea not null check (octet_length(binding) = 32),            -- SHA-256 of what the site's cookie holds
    assistant bigint references access.assistant on delete cascade,         -- of a passkey to be made; null of a sign-in
    code      bytea,                                -- the code that let it begin
    made      timestamptz not null default now()
);
create index passkey_challenge_assistant on access.passkey_challenge (assistant);
alter table access.session
    add column assistant bigint references access.assistant,    -- null: the professional herself
    add column latest    timestamptz;               -- no use pushes the session's end past it
