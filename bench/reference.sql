-- FROZEN, version 1: one request of the reference, for pgbench -M prepared. One autocommitted call that reads one
-- index entry, updates one row and inserts one. It verifies, parses, decides and seals nothing.
\set item random(1, 200000)
\set account random(1, 100000)
select bench.request(md5((:item)::text)::uuid, (:account)::integer);
