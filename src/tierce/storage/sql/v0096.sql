-- Whether two people in whose names one care is invoiced may be one (docs/adr/0140): four keyed bytes of an insurer's copy, of birth
-- date, sex and the letter with which the given names begin, which a hundred people of a country share. Null until the line comes again.
alter table person.record add column alike integer;
-- No number of her own is told in this copy: another insurer may tell of her under another's.
alter table person.record add column borrowed boolean;

-- Why an invoice waits (billing.refusing.model.Obstacle): since 5, for two of the staff to say whether they are one (30 no, 31 yes).
alter table care.invoice
    drop constraint invoice_undecided_check,
    add check (undecided between 1 and 5),
    add column ruled smallint check (ruled in (30, 31));
