-- How many invoices a transfer pays, counted once as they are gathered: pages of places, staff and insurers read it.
alter table bank.transfer add column invoices integer not null default 1 check (invoices > 0);
update bank.transfer t set invoices = p.n
from (select transfer, count(*)::integer as n from bank.paid_invoice group by 1) p where p.transfer = t.id;
alter table bank.transfer alter column invoices drop default;
