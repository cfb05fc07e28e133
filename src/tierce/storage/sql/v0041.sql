-- A refusal that is told like a miss writes a row of the same cost under a drawn key (docs/adr/0062): nobody's, seen on no day,
-- and gone the next night with the pairs that are past their keeping.
alter table access.pair drop constraint pair_state_check;
alter table access.pair add constraint pair_state_check check (state in (1, 2, 3, 4));   -- open, proved, missed, blank
