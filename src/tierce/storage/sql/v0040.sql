-- The day that an incident's reference bears: of its first signal as it was said first. It was computed from the signal as
-- corrected last, which is what was quoted last; storage/sql/register.sql writes it from here on.
alter table incident.incident add column day date;
update incident.incident set day = (signal_at at time zone 'Europe/Paris')::date;
alter table incident.incident alter column day set not null;

-- Who took the file of a batch of letters last: whoever takes it after her is told so first, since both would print it.
alter table notice.letter_batch add column taken_at timestamptz, add column taken_by text;
