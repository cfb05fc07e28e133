-- How many days after the care a deposit may come for the insurer to guarantee it, three at most (policy/deposits.py).
alter table registry.deposit_choice
    add column days_before smallint not null default 3 check (days_before between 0 and 3);

-- Overseas, FINESS numbers begin with 970 and the last digit of the département: 971 to 976 are cells of their own, as
-- directory.cell_of counts them from here on, and no longer one that began with 97. Whoever was held or closed there stays so.
update access.line l set cell = l.cell + 200 + 100 * substr(e.finess, 4, 1)::integer
from directory.establishment e
where e.id = l.establishment and e.finess ~ '^970[1-6]' and l.cell between 33100 and 33199;
update access.clientele c set cell = c.cell + 200 + 100 * o.last
from (select g.id as login, t.profession, min(substr(e.finess, 4, 1)::integer) as last
      from access.login g join directory.activity t on t.professional = g.professional
      join directory.establishment e on e.id = t.establishment
      where e.finess ~ '^970[1-6]' group by g.id, t.profession) o
where o.login = c.login and o.profession = c.profession and c.cell between 33100 and 33199;
insert into access.ladder (id, level, subject, rung, since, until, by, reason)
select hashtextextended(gen_random_uuid()::text, 0) & 9223372036854775807, h.level, h.subject + 200 + 100 * o.last, h.rung,
       h.since, h.until, h.by, h.reason
from access.ladder h cross join generate_series(1, 6) o(last)
where h.level = 7 and h.subject between 33100 and 33199 and h.lifted is null and h.until > now();
