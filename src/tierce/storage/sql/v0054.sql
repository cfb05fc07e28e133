-- Answers past their time are found by it (docs/adr/0078): by the day until which they are quoted, and labels in the order
-- in which they were typed. An answer is written once, and both indexes grow at one end.
create index concurrently if not exists engagement_until on care.engagement (until_day);
create index concurrently if not exists engagement_labelled on care.engagement (seq) where label is not null;
