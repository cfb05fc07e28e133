-- Drawing a block for so many asks, outside any rollback: the number is spent, and this session remembers what it was drawn
-- for (`currval` of gate.drawn: the block, a bit for proofs told, how many asks), neither of which a rollback takes back, to a
-- savepoint or whole. A block is then written with as many lines as it opened asks, or stays a gap; one drawn for asks is
-- written by gate.close alone. Who forgets the one (`discard sequences`) forgets the other, and has to draw again.
create or replace function gate.draw(asks integer) returns bigint language plpgsql as $$
declare block bigint := nextval('journal.block_no');
begin
    perform setval('gate.drawn', block * 256 + asks);
    return block;
end $$;

-- Raises unless this session drew that block for so many asks; whether their proofs were told is all the same.
create or replace function gate.insist_drawn(in_block bigint, asks integer) returns void language plpgsql as $$
begin
    if (currval('gate.drawn') & ~128::bigint) is distinct from in_block * 256 + asks then
        raise exception 'a block holds a line for each ask that it was drawn for' using errcode = 'check_violation';
    end if;
end $$;

-- Raises unless this session has just drawn a block for as many asks at least, whose proofs were not told yet; notes that
-- they are.
create or replace function gate.insist_untold(proofs integer) returns void language plpgsql as $$
declare drawn bigint := currval('gate.drawn');
begin
    if drawn & 128 <> 0 or coalesce(proofs, 128) > drawn & 127
       or exists (select from journal.batch b where b.block = drawn >> 8) then
        raise exception 'proofs are told once, with the asks of the batch that was just opened'
            using errcode = 'check_violation';
    end if;
    perform setval('gate.drawn', drawn | 128);
end $$;
