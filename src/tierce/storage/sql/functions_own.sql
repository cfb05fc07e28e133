-- A professional's own asks, without anybody's identity, as functions whose owner (tierce_owner) cannot log in: the
-- role `tierce_api` reads no journal line otherwise. What is told of an ask is whether something was shown, never why
-- nothing was. Numbers of lines below 2^55 keep every comparison within bigint.

-- The first block that the database took at an instant or later, found by halves: numbers are drawn in the order of time, but for
-- the moments between a batch's opening and its commit. Ten months of a professional's lines are then not gone through for a
-- week before them.
create or replace function journal.block_at(instant_us bigint) returns bigint
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    instant constant timestamptz := to_timestamp(instant_us / 1e6);
    low bigint := (select min(block) from journal.batch);
    high bigint := (select max(block) + 1 from journal.batch);
    found_at timestamptz;
    middle bigint;
    after_middle bigint;
begin
    while low < high loop
        middle := low + (high - low) / 2;
        select b.block, b.at into after_middle, found_at from journal.batch b where b.block >= middle order by b.block limit 1;
        if found_at < instant then
            low := after_middle + 1;
        else
            high := middle;
        end if;
    end loop;
    return low;
end $$;

-- One page of what was asked in a professional's name at one establishment, newest first; revisits are not asks.
drop function if exists gate.own_asks(bigint, bigint, bigint, smallint, boolean, bigint, bigint, integer);
create or replace function gate.own_asks(
    of_professional bigint, of_establishment bigint, before bigint, of_domain smallint, only_shown boolean,
    from_us bigint, to_us bigint, at_most integer)
    returns table (seq bigint, at_us bigint, domain smallint, shown boolean, label text, until_day integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select e.seq, journal.u64(e.body, 8), get_byte(e.body, 7)::smallint, get_byte(e.body, 4) = 1, g.label,
           g.until_day
    from journal.entry e left join care.engagement g on g.seq = e.seq
    where e.professional = of_professional and e.seq < before and e.kind in (1, 2, 3) and get_byte(e.body, 2) <> 2
      and journal.u64(e.body, 24) = of_establishment
      and (of_domain is null or get_byte(e.body, 7) = of_domain)
      and (only_shown is null or (get_byte(e.body, 4) = 1) = only_shown)
      and journal.u64(e.body, 8) >= from_us and journal.u64(e.body, 8) < to_us
      -- A day more on either side: an instant is the process's own, a block's is the database's.
      and e.seq >= (select case when from_us > 86400000000 then journal.block_at(from_us - 86400000000) * 256 else 0 end)
      and e.seq < (select case when to_us < 4102444800000000 then journal.block_at(to_us + 86400000000) * 256
                          else before end)
    order by e.seq desc limit least(at_most, 200)
$$;

-- The line of an ask that carries this mark (docs/adr: a lost answer), among a professional's latest lines: the first that
-- answered it, else the first. What was refused outright is no answer: attempts, session, held, a proof of presence that
-- does not stand, a whole part closed; of an insurer that is closed the line names the person, and the answer is that of
-- all who are not shown. The mark is the first five bytes of the line's salt, and the next three bind it to the question.
create or replace function gate.asked_before(of_professional bigint, mark bytea, since_us bigint)
    returns table (seq bigint, shown boolean, told boolean, question bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.seq, get_byte(l.body, 4) = 1,
           l.kind <> 2 or not (get_byte(l.body, 4) in (6, 7, 8, 25, 26, 27, 28)
                               or get_byte(l.body, 4) = 20 and journal.u64(l.body, 80) = 0) as answered,
           substring(l.body from 126 for 3)
    from (select e.seq, e.kind, e.body from journal.entry e
          where e.professional = of_professional order by e.seq desc limit 4000) l
    where l.kind in (1, 2, 3, 4, 26) and substring(l.body from 121 for 5) = mark and journal.u64(l.body, 8) >= since_us
    order by answered desc, l.kind = 26, l.seq limit 1   -- an ask of an insurer, until its answer is written: as not shown
$$;
