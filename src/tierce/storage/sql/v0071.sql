-- Of a file of the bank's no text of its own is kept: its number and time may hold anybody's account (docs/adr/0110). What tells one
-- message, and one entry of a statement, from another is a keyed number; one of before is known by its content alone.
alter table bank.reply_file
    add column mark bytea check (octet_length(mark) = 16),            -- of its number and time, and of its kind
    drop column name,
    drop column made;
update bank.reply_file set mark = substring(digest from 1 for 16);
alter table bank.reply_file
    alter column mark set not null,
    add unique (mark);                              -- the same message is taken once
-- Of the bank's own reference of the entry, if it gave one. Of what was read before nobody knows whether it did: empty, and the same as
-- any other (replies/rules.py).
alter table bank.reply add column mark bytea default '' check (octet_length(mark) in (0, 16));
alter table bank.reply alter column mark drop default;
drop function if exists bank.keep_replies(bigint, smallint, text, text, bytea, bigint, bigint[], smallint[], integer[], bigint[], text[]);

-- What of a recovery two of the staff say was settled by another way than a transfer (docs/adr/0115): paid back by the place, or below
-- zero given back to it. Each of them says it of the sum that she read.
alter table bank.recovery add column settled bigint not null default 0, add column round integer not null default 0;
alter table bank.recovery_word
    add column amount bigint not null default 0,
    add column round integer not null default 0,    -- how often it was settled before: what was said then counts no more, and stays
    drop constraint recovery_word_pkey,
    add primary key (recovery, what, staff, round);
