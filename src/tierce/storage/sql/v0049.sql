-- How many days after the care a deposit may come for the insurer to guarantee it, three at most (policy/deposits.py).
alter table registry.deposit_choice
    add column days_before smallint not null default 3 check (days_before between 0 and 3);
