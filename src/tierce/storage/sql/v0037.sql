-- A miss holds its seat for ten days (docs/adr/0053): the pair memory tells it from a person shown, whose seat is one of thirty.
-- Its day is the seat's, 20 days before the ask. Pairs that are open keep their days: those of misses age as they were told.
alter table access.pair drop constraint pair_state_check;
alter table access.pair add constraint pair_state_check check (state in (1, 2, 3));   -- 1 open, 2 proved, 3 missed
