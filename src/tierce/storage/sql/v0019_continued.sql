-- A new device goes on with the line of an older one of the same login, once that one said so.
create table access.device_code (                   -- what a new device shows; deleted when used, replaced or late
    session bigint primary key references access.session on delete cascade,
    login   bigint not null references access.login,
    code    bytea not null check (octet_length(code) = 32),   -- SHA-256 of the session and the digits
    made    timestamptz not null
);
create index device_code_login on access.device_code (login);
create table access.continued (                     -- a device that draws on an older one's line
    login      bigint not null references access.login,
    device     bigint not null references access.device on delete cascade,
    profession smallint not null,
    line       bigint not null references access.line on delete cascade,
    by_device  bigint not null,
    at         timestamptz not null,
    primary key (login, device, profession)
);
create index continued_line on access.continued (line);
create index continued_device on access.continued (device);
