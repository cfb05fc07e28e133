-- By whose login and from which device a substitute was declared; null where staff declared her. What holds either holds her
-- too. Of those declared before, the device is not known.
alter table directory.substitution add column login bigint, add column device bigint;
update directory.substitution s set login = g.id
from access.login g where g.professional = s.replaces and s.by like 'professional %';
create index substitution_replaces on directory.substitution (replaces, until_day);

-- How long a card serves under its eight digits: the policy's, written at each upgrade (policy.presence.CARD_SECONDS).
create table presence.spoken_life (
    one     boolean primary key default true check (one),
    seconds integer not null
);
