-- Whoever writes a batch is looked for by each of the three functions that write one (gate.close, journal.append,
-- gate.settle_asked), by role as well, and no instance ever goes: the reference locked the instance's row once more for each
-- batch, and every worker of a process is that one instance (docs/adr/0128).
alter table journal.batch drop constraint batch_instance_fkey;
