-- How the promised measures stood, one snapshot a day: a note that the worker signed, bound to its journal line.
create table upkeep.controls (
    day     date primary key,                       -- in Paris
    at      timestamptz not null,
    note    text not null check (length(note) <= 400000),
    holding integer not null,
    failing integer not null,
    entry   bigint not null
);
-- Lines of keys and upkeep are few among the others: when one was last written is found without reading them all.
create index entry_upkeep on journal.entry (kind, seq) where kind in (9, 10, 17);
