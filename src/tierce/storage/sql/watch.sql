-- What the watch needs of tables that its role does not read. Replaced at each upgrade.

-- Mark as explained what a proof of presence, whoever reported it, has since settled; returns how many.
create or replace function access.settle_unexplained(at_most integer) returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with due as (
        select u.seq from access.unexplained u
        join care.engagement g on g.seq = u.seq join access.pair p on p.key = g.pair
        where u.explained is null and p.state = 2 order by u.seq desc limit at_most),
    settled as (update access.unexplained u set explained = now() from due where u.seq = due.seq returning 1)
    select count(*) from settled
$$;
