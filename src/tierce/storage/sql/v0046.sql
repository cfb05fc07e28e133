-- Traits that one insurer tells of somebody whom others describe otherwise: kept, to know that insurer's own lines again, and
-- they open nobody's space. Null, which takes no room, where nothing contradicts them.
alter table person.trait add column contested boolean;
