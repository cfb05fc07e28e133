-- What is e-mailed is tried so often and no more (docs/adr/0130). What was set aside is named until somebody has it tried again, or
-- says that whoever it was for was told by another way: `handled` says who, why.
alter table notice.wish
    add column attempts smallint not null default 0,           -- of sending its code
    add column due      timestamptz not null default now(),
    drop constraint wish_ended_why_check,
    add check (ended_why in ('stopped', 'replaced', 'late', 'tries', 'refused', 'left', 'unsent', 'unreadable'));
alter table notice.first_look
    add column settled timestamptz,
    add column handled text check (length(handled) <= 400),
    drop constraint first_look_how_check,
    add check (how in ('sent', 'known', 'refused', 'doubtful', 'stopped', 'unwritten', 'returned'));
alter table notice.own_mail
    add column settled timestamptz,
    add column handled text check (length(handled) <= 400),
    drop constraint own_mail_how_check,
    add check (how in ('sent', 'known', 'refused', 'doubtful', 'unaddressed', 'unwritten', 'returned'));
alter table notice.warning
    add column settled timestamptz,
    add column handled text check (length(handled) <= 400);
create index first_look_aside on notice.first_look (ended) where settled is null and how in ('refused', 'doubtful', 'unwritten', 'returned');
create index own_mail_aside on notice.own_mail (ended)
    where settled is null and how in ('refused', 'doubtful', 'unaddressed', 'unwritten', 'returned');
-- While a replacement fills, the proof of the chain that is in force: a file that is not the database's is told then too, and
-- a replacement that is given up leaves what it found.
alter table gate.lookup add column before bytea check (octet_length(before) = 16);
