-- 0006: vendor software that may exchange its users' sign-ins for sessions.

create table access.client (
    id       text primary key check (id ~ '^[a-z0-9][a-z0-9-]{2,62}$'),
    software integer not null references directory.software,
    jwks     jsonb not null,                        -- its public keys, RFC 7517
    azp      text[] not null,                       -- clients of the professionals' provider whose tokens it may bring
    since    timestamptz not null,
    ended    timestamptz
);
