-- Keys by which nobody is looked up, and of which another file would serve in silence: each has its proof here too (docs/adr/0135).
insert into gate.lookup (purpose) values ('pair'), ('network'), ('feed'), ('engagement'), ('receipt');
