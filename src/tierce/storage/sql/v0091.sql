-- Since when a data key serves: a process that asks insurers on the way seals under the one before until it has read this one.
alter table registry.insurer_key add column made timestamptz not null default now();
