-- Keys of look-up indexes, replaced by a further layer (docs/adr/0120). A key has a number, its generation; the file holds them all.
create table gate.lookup (
    purpose    text primary key,                    -- storage.keys.Purpose
    generation smallint not null default 1 check (generation >= 1),    -- how many layers what is looked up has
    oldest     smallint not null default 1,         -- the oldest generation by which everybody is found
    step       text not null default 'none' check (step in ('none', 'filling', 'both', 'clearing')),
    proof      bytea check (octet_length(proof) = 16),   -- that a file holds these keys: an HMAC under them; null of the first
    at_idx     uuid,                                -- how far the filling or the clearing has come
    at_person  bigint,
    since      timestamptz not null default now(),  -- when the last step began
    check (case when step = 'both' then oldest = generation - 1 else oldest = generation end)
);
insert into gate.lookup (purpose) values ('index'), ('trait');
-- The generation of a row that a replacement wrote; null: written by a process, under the generation of its time.
alter table person.key add column generation smallint;
alter table person.trait add column generation smallint;
