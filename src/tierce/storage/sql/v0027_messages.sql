-- Insurers' keys: two people of the insurer confirm one on its site, and a member of the operator's staff, in the office and
-- by telephone, vouches for it. A process that holds the site alone can invent the first two, never the third.
alter table notice.recipient
    add column vouched_at    timestamptz,
    add column vouched_by    bigint,
    add column vouched_name  text,
    add column spoken_with   text check (length(spoken_with) between 1 and 120),   -- at the insurer, by telephone
    add column vouched_entry bigint,
    add check (vouched_at is null or confirmed_at is not null);

alter table notice.letter_batch
    add column file_gone timestamptz;               -- its file was deleted once it was posted and past its duration
