-- First answers that certified software declared are counted by its vendor and the profession too: what no line bounds
-- together is what a person compares (docs/adr/0089). Answers kept before, and those without a reading, have neither.
alter table access.unexplained
    add column vendor integer not null default 0,       -- of the software that declared the reading
    add column profession smallint not null default 0;  -- of the line of seats that asked
alter table access.unexplained_day
    add column vendor integer not null default 0,
    add column profession smallint not null default 0,
    drop constraint unexplained_day_pkey,
    add primary key (day, declared, vendor, profession);
