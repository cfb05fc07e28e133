-- What the sealing job may do beyond adding rows: drop what is sealed, once it is due. Each refuses by itself, whoever calls.

-- The segments in force: the last revision of each, without those whose time is over.
create or replace function journal.segments() returns setof journal.segment language sql stable as $$
    select distinct on (s.first_idx) s.* from journal.segment s
    where not exists (select from journal.ended e where e.first_idx = s.first_idx)
    order by s.first_idx, s.revision desc
$$;

-- One past the last sealed leaf.
create or replace function journal.sealed_end() returns bigint language sql stable as $$
    select coalesce(max(end_idx), 0) from journal.segment
$$;

-- The entries whose redaction two people asked for, with the reason that both gave; the first such reason when they are several.
create or replace function journal.redactions() returns table (seq bigint, reason smallint) language sql stable as $$
    select distinct on (r.seq) r.seq, r.reason from journal.redaction r
    where exists (select from journal.redaction o where o.seq = r.seq and o.reason = r.reason and o.author <> r.author)
    order by r.seq, r.reason
$$;

-- Adds a segment to the manifest: where the last one ends, at the very size and root of a signed checkpoint. A revision
-- takes the place of the one before, over the same leaves, and may only redact what two people asked for.
create or replace function journal.add_segment(made journal.segment) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    before journal.segment;
begin
    lock table journal.segment in share row exclusive mode;
    if not exists (select from journal.checkpoint c where c.size = made.end_idx and c.root = made.root) then
        raise exception 'a segment ends at a signed checkpoint' using errcode = 'check_violation';
    end if;
    if made.revision = 0 then
        if made.first_idx <> journal.sealed_end() or made.redacted <> 0 then
            raise exception 'a segment begins where the last one ends' using errcode = 'check_violation';
        end if;
    else
        select * into before from journal.segments() s where s.first_idx = made.first_idx;
        if not found or before.revision + 1 <> made.revision or before.end_idx <> made.end_idx
           or before.leaves <> made.leaves or made.redacted <= before.redacted
           or made.redacted > (select count(*) from journal.redactions() r
                               join journal.placed p on p.block = r.seq >> 8
                               where p.first_idx >= made.first_idx and p.first_idx < made.end_idx) then
            raise exception 'a revision redacts what two people asked for, and nothing else'
                using errcode = 'check_violation';
        end if;
    end if;
    made.at := now();
    insert into journal.segment select made.*;
end $$;

-- Drops at most so many hot rows of a segment that was sealed long enough ago; returns how many. The manifest is written by
-- the one who asks, so its times are not enough: each row's own batch says when the database took it.
create or replace function journal.drop_hot(of_first bigint, at_most integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    kept_days integer := (select k.days from upkeep.keep k where k.class = -3);
    sealed journal.segment;
    from_block bigint;
    n bigint;
begin
    select * into sealed from journal.segment s where s.first_idx = of_first and s.revision = 0;
    if not found or kept_days is null or sealed.at > now() - interval '1 day'
       or sealed.until_us > (extract(epoch from now()) - kept_days * 86400.0) * 1e6 then
        raise exception 'this stretch is not sealed, or not for long enough' using errcode = 'check_violation';
    end if;
    -- From the first row that is left: what was dropped before is not looked at again. The manifest's numbers of blocks say
    -- where to look; which leaves are the segment's, and how old, the rows say.
    select min(e.seq) >> 8 into from_block from journal.entry e
    where e.seq between sealed.first_block * 256 and sealed.last_block * 256 + 255;
    with due as (
        select e.seq from journal.placed p
        join journal.batch b on b.block = p.block and b.at < now() - make_interval(days => kept_days)
        join journal.entry e on e.seq between p.block * 256 and p.block * 256 + 255
        where p.block between from_block and sealed.last_block
          and p.first_idx >= sealed.first_idx and p.first_idx < sealed.end_idx
        order by p.block limit at_most)
    delete from journal.entry e using due where e.seq = due.seq;
    get diagnostics n = row_count;
    return n;
end $$;

-- Drops the hot row of an entry that two people asked to redact and whose segment has been rewritten without it.
create or replace function journal.drop_redacted(of_seq bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from journal.redactions() r where r.seq = of_seq)
       or not exists (select from journal.placed p join journal.segments() s
                      on p.first_idx >= s.first_idx and p.first_idx < s.end_idx
                      where p.block = of_seq >> 8 and s.redacted > 0) then
        raise exception 'no redaction of this entry was asked for by two and carried out'
            using errcode = 'check_violation';
    end if;
    delete from journal.entry e where e.seq = of_seq;
    return found;
end $$;

-- Whether a segment's time is over: past the journal's duration, and before what an incident still needs, by the manifest and by
-- when the database took each of its blocks; and none of its rows is left. Each block is looked up by itself: joined, all
-- the batches of years were read for each segment.
create or replace function journal.is_over(made journal.segment) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    before timestamptz := least(now() - make_interval(days => (select k.days from upkeep.keep k where k.class = -4)),
                                upkeep.held_since());
begin
    return made.until_us < extract(epoch from before) * 1e6
        and not exists (select from journal.placed p
                        where p.first_idx >= made.first_idx and p.first_idx < made.end_idx
                          and (select e.seq from journal.entry e
                               where e.seq between p.block * 256 and p.block * 256 + 255 limit 1) is not null)
        and not exists (select from journal.placed p
                        where p.first_idx >= made.first_idx and p.first_idx < made.end_idx
                          and (select b.at from journal.batch b where b.block = p.block) >= before);
end $$;

-- The segments whose time is over, oldest first.
create or replace function journal.due_segments() returns table (first_idx bigint, end_idx bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.first_idx, s.end_idx from journal.segments() s where journal.is_over(s) order by s.first_idx
$$;

-- Notes that a segment's time is over; the files may then go.
create or replace function journal.end_segment(of_first bigint, said_in bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from journal.segments() s where s.first_idx = of_first and journal.is_over(s))
       or of_first is distinct from (select min(s.first_idx) from journal.segments() s) then
        raise exception 'this segment is not the oldest, or its time is not over' using errcode = 'check_violation';
    end if;
    insert into journal.ended (first_idx, end_idx, line)
    select s.first_idx, s.end_idx, said_in from journal.segments() s where s.first_idx = of_first;
end $$;
