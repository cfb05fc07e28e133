-- Contracts with insurers that ended: who said so and why, whether it was taken back, what was then deleted.
create table registry.ending (
    id           bigint generated always as identity primary key,
    insurer      smallint not null references registry.insurer,
    ended        timestamptz not null default now(),
    ended_by     text not null check (length(ended_by) between 1 and 100),
    why          text not null check (length(why) between 1 and 300),
    resumed      timestamptz,                       -- taken back, or a new contract
    resumed_by   text check (length(resumed_by) between 1 and 100),
    resumed_why  text check (length(resumed_why) between 1 and 300),
    deleting     timestamptz,                       -- from here on it is not taken back
    people       bigint not null default 0,         -- copies of people deleted so far
    periods      bigint not null default 0,         -- and periods of cover
    deleted      timestamptz,                       -- nothing is left, and the keys are destroyed
    last_version smallint,                          -- of the keys destroyed: none is used twice
    certificate  text
);
create unique index ending_open on registry.ending (insurer) where resumed is null;
