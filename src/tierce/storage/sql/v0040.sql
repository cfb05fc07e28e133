-- The day that an incident's reference bears: of its first signal as it was said first. It was computed from the signal as
-- corrected last, which is what was quoted last; storage/sql/register.sql writes it from here on.
alter table incident.incident add column day date;
update incident.incident set day = (signal_at at time zone 'Europe/Paris')::date;
alter table incident.incident alter column day set not null;
