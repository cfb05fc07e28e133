-- When a loan was opened was written and never read: each file that was lent has its instant (contact.lent_file).
alter table contact.loan drop column opened_at;
