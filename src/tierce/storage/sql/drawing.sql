-- Drawing a block for so many asks, outside any rollback: the number is spent, and this session remembers what it was drawn
-- for (`currval` of gate.drawn: the block, a bit for each thing that was told with it, how many asks), neither of which a rollback
-- takes back, to a savepoint or whole. A block is then written with as many lines as it opened asks, or stays a gap; one drawn for
-- asks is written by gate.close alone. Who forgets the one (`discard sequences`) forgets the other, and has to draw again.
-- What a statement of its own would call is assigned, here and below: an expression costs a fifth of a statement.
create or replace function gate.draw(asks integer) returns bigint language plpgsql as $$
declare
    block bigint := nextval('journal.block_no');
    drawn bigint := setval('gate.drawn', block * 2048 + asks);
begin
    return block;
end $$;

-- Raises in a transaction that reads the rows of its beginning: what is counted under a lock is what stands once the lock is had.
create or replace function gate.insist_current() returns void language plpgsql as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'what is counted is counted as it stands' using errcode = 'insufficient_privilege';
    end if;
end $$;

-- Raises unless this session drew that block for so many asks, else true; what was told with it is all the same.
drop function if exists gate.insist_drawn(bigint, integer);   -- an earlier shape told nothing
create or replace function gate.insist_drawn(in_block bigint, asks integer) returns boolean language plpgsql as $$
begin
    if (currval('gate.drawn') & ~1920::bigint) is distinct from in_block * 2048 + asks then
        raise exception 'a block holds a line for each ask that it was drawn for' using errcode = 'check_violation';
    end if;
    return true;
end $$;

-- Says, until this transaction ends, that it writes lines from now on. A shared lock of the present ten seconds, that nobody takes
-- for itself alone, so nobody waits for it: whoever makes a list finds there since when lines may still come that she
-- cannot see (docs/adr/0118). Taken before the times of the lines are compared with the clock, never after. Always true.
drop function if exists journal.writes();   -- an earlier shape told nothing
create or replace function journal.writes() returns boolean language sql volatile as $$
    select pg_advisory_xact_lock_shared(118, floor(date_part('epoch', clock_timestamp()) / 10)::integer) is not null
$$;

-- Since when, at the earliest, a transaction that is still open writes lines; null when none is. A lock is given back once
-- what it held for can be seen by all: whoever asks first and reads afterwards misses no line of before this.
create or replace function journal.writing_since() returns timestamptz
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select to_timestamp(min(l.objid::bigint) * 10) from pg_locks l
    where l.locktype = 'advisory' and l.classid = 118 and l.objsubid = 2
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
$$;

-- Raises unless this session has just drawn a block for as many asks at least, and was not told this with it yet; notes that it
-- is: 128 of proofs (presence.use), 256 of insurers asked on the way (gate.remote_seen), 512 of what they answered
-- (gate.answered_seen), 1024 of numbers given (gate.mint). Who rolls it back is not told again, so a gap says how much.
drop function if exists gate.insist_untold(integer);   -- of proofs alone
create or replace function gate.insist_once(what bigint, asks integer) returns void language plpgsql as $$
declare drawn bigint := currval('gate.drawn');
begin
    if drawn & what <> 0 or coalesce(asks, 128) > drawn & 127
       or exists (select from journal.batch b where b.block = drawn >> 11) then
        raise exception 'each is told once, of the asks of the batch that was just opened' using errcode = 'check_violation';
    end if;
    perform setval('gate.drawn', drawn | what);
end $$;
