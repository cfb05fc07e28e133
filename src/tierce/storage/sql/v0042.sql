-- Sessions that serve are read in the order in which they were opened (docs/adr/0063), and their rows stay for a year. Not by their
-- end, which is pushed away each minute.
create index session_created on access.session (created, id);
