-- Reading the tree's order without reading the tree: every function here walks an index. None is a security definer, and none
-- sets a search path, so that each is planned inside the statement that calls it.

-- The leaves after `after`, in their order: which entry each one is.
create or replace function journal.leaves(after bigint, at_most integer) returns table (idx bigint, seq bigint)
    language sql stable as $$
    select p.first_idx + g.place, p.block * 256 + g.place
    from journal.placed p cross join lateral generate_series(0, p.n - 1) g(place)
    where p.first_idx > after - 256 and p.first_idx + g.place > after
    order by p.first_idx, g.place limit at_most
$$;

-- How many leaves there are.
create or replace function journal.leaf_count() returns bigint language sql stable as $$
    select coalesce((select first_idx + n from journal.placed order by first_idx desc limit 1), 0)
$$;

-- Batches committed since the state that `seen` describes, and not in the tree; by the transaction that wrote them. Nothing is
-- missed whatever the order of commits: what that state did not show was in progress then, or had not begun. Transaction
-- numbers ahead of this server's are another server's: a dump was loaded, and every batch is looked at. Each batch is looked
-- up in the tree by its key: as a join, a planner that misjudges how many are new would read the whole table of places.
create or replace function journal.unplaced(seen pg_snapshot, at_most integer)
    returns table (block bigint, n smallint, tx xid8) language sql stable as $$
    select f.block, f.n, f.tx from (
        select b.block, b.n, b.tx from journal.batch b
        where b.tx = any (array(select pg_snapshot_xip(seen)))
          and (select p.n from journal.placed p where p.block = b.block) is null
        union all
        (select b.block, b.n, b.tx from journal.batch b
         where b.tx >= case when pg_snapshot_xmax(seen) > pg_snapshot_xmax(pg_current_snapshot()) then '0'::xid8
                            else pg_snapshot_xmax(seen) end
           and (select p.n from journal.placed p where p.block = b.block) is null
         order by b.tx limit at_most)) f
    order by f.tx, f.block limit at_most
$$;
