-- The tree's hashes leave the database for the log's folder of tiles; what stays is one row per block that is in it.
create table journal.placed (                       -- places 0..n-1 of a block are the leaves first_idx..first_idx+n-1
    block     bigint primary key,
    first_idx bigint not null unique,
    n         smallint not null check (n between 1 and 256)
);
insert into journal.placed (block, first_idx, n)
select seq >> 8, min(idx), count(*) from journal.leaf group by 1;
drop table journal.leaf;

-- The transaction that wrote a batch: what commits later than a reading is found by it (journal.unplaced).
alter table journal.batch add column tx xid8 not null default '0';
alter table journal.batch alter column tx set default pg_current_xact_id();
update journal.batch b set tx = '2' where not exists (select from journal.placed p where p.block = b.block);
create index batch_tx on journal.batch (tx);

-- What the reading of the checkpoint's blocks saw: later readings begin with what it did not.
alter table journal.checkpoint add column seen pg_snapshot not null default '2:2:';
alter table journal.checkpoint alter column seen drop default;

-- What witnesses said: a cosignature of a checkpoint, or that they hold another history.
create table journal.cosignature (
    witness text not null check (length(witness) <= 200),
    size    bigint not null,
    line    text not null check (length(line) <= 400),   -- the note's signature line, cosignature/v1
    at      timestamptz not null default now(),
    primary key (witness, size)
);
create table journal.dissent (                      -- a witness is ahead of us, or holds another root: a split view
    witness text not null check (length(witness) <= 200),
    ours    bigint not null,
    theirs  bigint not null,                        -- the size it says it has last seen
    at      timestamptz not null default now(),
    primary key (witness, ours, theirs)
);
