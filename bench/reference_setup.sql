-- FROZEN, version 1. What bench/reference.sql runs on. A change here or there makes a new reference: every ratio
-- measured before stops being comparable, so a test holds both files to their digests.
--
-- Sizes: 200,000 items behind a 16-byte key, 100,000 accounts of 200 bytes of state that is rewritten in place,
-- and a log of 128-byte lines. They fit in memory: the reference measures a durable transaction, not
-- a cold disk. The caller runs `vacuum (analyze)` afterwards.
create schema bench;
create table bench.item (key uuid not null, id bigint not null);
create table bench.account (id integer primary key, state bytea not null) with (fillfactor = 60);
create table bench.log (seq bigint generated always as identity primary key, account integer not null,
                        item bigint not null, body bytea not null);

insert into bench.item select md5(n::text)::uuid, n from generate_series(1, 200000) n;
alter table bench.item add primary key (key) include (id);
insert into bench.account
select n, decode(substring(repeat(md5(n::text), 13) from 1 for 400), 'hex') from generate_series(1, 100000) n;

create function bench.request(for_key uuid, for_account integer) returns bigint
    language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    found bigint;
    state_read bytea;
    line bigint;
begin
    select id into found from bench.item where key = for_key;
    update bench.account set state = substring(state from 2) || substring(state from 1 for 1)
    where id = for_account returning state into state_read;
    insert into bench.log (account, item, body)
    values (for_account, found, substring(state_read from 1 for 128)) returning seq into line;
    return line;
end $$;
