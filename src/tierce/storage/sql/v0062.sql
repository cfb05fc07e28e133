-- Each account is sealed a second time as it is asked for, to whoever takes files to the bank (docs/adr/0103): with that copy she
-- checks, on her own machine, that the file which `billing` wrote pays what was asked for. An account of before has none.
alter table bank.account add column copy bytea check (octet_length(copy) between 1 and 2000);
-- Both are made again with a copy (bank.sql).
drop function if exists bank.ask(bigint, bigint, bytea, text, text, text, timestamptz);
drop function if exists bank.take(bigint, bigint, bytea, text, text, text, timestamptz);
