-- What a professional sees of her own devices: the name she gave each, and when a session was last used.

alter table access.session add column used timestamptz;   -- last seen at our doors, to the minute
create table access.device_name (
    login  bigint not null references access.login,
    device bigint not null references access.device on delete cascade,
    name   text not null check (length(name) between 1 and 40),
    named  timestamptz not null,
    primary key (login, device)
);
