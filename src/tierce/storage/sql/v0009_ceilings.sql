-- 0009: how many people are shown or opened in a day at most; finding somebody of the directory by name.

create table gate.shown_ceiling (
    scope   text primary key check (scope in ('staff', 'office', 'persons')),
    per_day integer not null
);
create index entry_staff_shown on journal.entry (seq) where kind in (5, 6) and person <> 0;
create index entry_person_opened on journal.entry (seq) where kind = 14 and person <> 0;

create index professional_name on directory.professional (upper(family_name) text_pattern_ops);
create index establishment_name on directory.establishment (upper(name) text_pattern_ops);
