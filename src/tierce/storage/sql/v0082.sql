-- One road for what a professional is e-mailed of (docs/adr/0125): the account where her place is paid, and who gets in under her name.
alter table bank.told set schema notice;
alter table notice.told rename to own_mail;
alter index notice.told_waiting rename to own_mail_waiting;
alter index notice.told_pkey rename to own_mail_pkey;
alter table notice.own_mail
    alter column account drop not null,             -- of an account's messages alone
    alter column email drop not null,               -- none was on file then: nothing leaves, and staff read so
    add column place    text,                       -- of who got in; null: at several
    add column software text,                       -- that a device signed in with; null: a browser on the portal, or several
    add column device   bigint,                     -- null: not of a device, or of several
    add column first    timestamptz not null default now(),   -- `at` is the day on which it may leave
    add column latest   timestamptz not null default now(),
    add column times    integer not null default 1 check (times > 0),
    drop constraint told_how_check,
    add check (how in ('sent', 'known', 'refused', 'doubtful', 'unaddressed')),
    add check ((what in (1, 2)) = (account is not null)),
    add check (email is not null or how = 'unaddressed');
create index own_mail_professional on notice.own_mail (professional, what, at desc);
