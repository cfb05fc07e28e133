-- The same three statements as bench/reference.sql, sent one by one in a transaction: begin, three statements, end.
-- Printed beside the reference to show what the round trips cost; no ratio is taken against it.
\set item random(1, 200000)
\set account random(1, 100000)
begin;
select id from bench.item where key = md5((:item)::text)::uuid;
update bench.account set state = substring(state from 2) || substring(state from 1 for 1)
where id = (:account)::integer;
insert into bench.log (account, item, body)
select (:account)::integer, (:item), substring(state from 1 for 128) from bench.account where id = (:account)::integer;
end;
