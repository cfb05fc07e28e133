-- What the bank's files say of batches and transfers (billing/settlement/replies, docs/adr/0106). A file counts as nobody's word:
-- of all it may say, only that a whole batch was booked changes a state, which one of the staff may write alone as well.

-- The transfers of a batch that the bank says it rejected by themselves, and did not book: neither alone, nor with the whole.
create or replace function bank.left_out(of_batch bigint) returns table (transfer bigint, amount bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.subject, r.amount from bank.reply r join bank.batch b on b.id = r.batch
    where r.batch = of_batch and r.what = 2 and r.subject <> r.batch
      and not exists (select from bank.reply k where k.subject = r.subject and k.what = 3)
      and b.sent_total > (select coalesce(sum(k.amount), 0) from bank.reply k where k.batch = of_batch and k.what = 3)
$$;

-- Marks a filed batch as carried out: its transfers are paid, but for those left out.
create or replace function bank.carried_out(of_batch bigint) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (update bank.transfer x set state = 2, ended = now()
                  where x.batch = of_batch and x.state = 1
                    and not exists (select from bank.left_out(of_batch) o where o.transfer = x.id)
                  returning x.id)
    update care.invoice i set state = 6 from gone g where i.transfer = g.id;
    update bank.batch b set state = 4, ended = coalesce(b.ended, now()) where b.id = of_batch
$$;

-- Whether what the bank's files say was booked of a batch is all of its file, or all but what they say it rejected by itself.
create or replace function bank.wholly_booked(of_batch bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(b.sent_total in (s.booked, s.booked + s.rejected), false)
    from bank.batch b,
         lateral (select (select sum(r.amount) from bank.reply r where r.batch = b.id and r.what = 3) as booked,
                         (select coalesce(sum(o.amount), 0) from bank.left_out(b.id) o) as rejected) s
    where b.id = of_batch
$$;

-- billing: keeps what one file of the bank's says, whole, with its line of the journal; gives the batches that it ends. What it says
-- is of what a file of ours held, for the same amount; a booking that is not of everything, or a return, changes no state.
create or replace function bank.keep_replies(
    new_file bigint, of_kind smallint, of_mark bytea, of_digest bytea, of_entry bigint, subjects bigint[],
    whats smallint[], days integer[], amounts bigint[], codes text[], marks bytea[]) returns setof bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    written record;
    kept integer;
    one bigint;
    was smallint;
begin
    perform gate.insist_durable();
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> 22 or get_byte(written.body, 2) <> 227 or journal.u64(written.body, 112) <> new_file then
        raise exception 'what the bank says is kept with its own line of the journal' using errcode = 'check_violation';
    end if;
    insert into bank.reply_file (id, kind, mark, digest, entry) values (new_file, of_kind, of_mark, of_digest, of_entry);
    insert into bank.reply (batch, subject, what, file, day, amount, code, mark)
    select coalesce(b.id, t.batch), u.subject, u.what, new_file, u.day, u.amount, u.code, u.mark
    from unnest(subjects, whats, days, amounts, codes, marks) u(subject, what, day, amount, code, mark)
    left join bank.batch b on b.id = u.subject and b.filed is not null and u.what in (1, 2, 3, 5) and u.amount <= b.sent_total
    left join bank.transfer t on t.id = u.subject and (t.state <> 4 or t.why = 5) and u.what in (2, 3, 4, 5) and u.amount = t.amount
        and exists (select from bank.batch x where x.id = t.batch and x.filed is not null)
    where b.id is not null or t.id is not null;
    get diagnostics kept = row_count;
    if kept <> coalesce(cardinality(subjects), 0) then
        raise exception 'what the bank says is of what a file of ours held' using errcode = 'check_violation';
    end if;
    -- Whichever was read last, the debit or the rejection. Of one that ended before, what was thought rejected and was booked after
    -- all is paid.
    for one, was in select b.id, b.state from bank.batch b
               where b.state in (3, 4) and b.id in (select r.batch from bank.reply r where r.file = new_file and r.what in (2, 3))
                 and bank.wholly_booked(b.id) order by b.id for update loop
        perform bank.carried_out(one);
        if was = 3 then
            return next one;
        end if;
    end loop;
end $$;

-- Two of the staff said of a transfer that a report rejects that it left, and it stands so.
create or replace function bank.said_left(of_transfer bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(*) >= 2 from bank.word w join bank.transfer t on t.id = w.subject and t.batch = w.batch and t.state = 2
    where w.subject = of_transfer and w.what = 6
$$;

-- For whoever looks after the machine: batches whose file was written before, and of which no file of the bank's says anything;
-- and what they say came back or was rejected before while two of the staff have not said so, nor that it left. At once: what left
-- though two said that it was rejected, what left twice by two entries, and what two said left though a statement has all the others
-- and not it; and, of the last two months, what left and came back by their word alone: it may be paid twice.
create or replace function upkeep.unanswered(filed_before timestamptz) returns table (batches bigint, unsaid bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (select count(*) from bank.batch b where b.state = 3 and b.filed < filed_before
            and not exists (select from bank.reply r where r.batch = b.id)),
           (select count(*) from bank.reply r join bank.reply_file f on f.id = r.file
            left join bank.batch b on b.id = r.subject left join bank.transfer t on t.id = r.subject
            where f.at < filed_before and (r.what = 2 and b.state = 3 or r.what = 4 and t.state in (1, 2)
                                           or r.what = 2 and t.state in (1, 2) and not bank.said_left(t.id)
                                              and exists (select from bank.left_out(r.batch) o where o.transfer = t.id))
               or r.what = 3 and (b.state = 5 or t.state = 4)
               or r.what = 5 and f.at > now() - interval '62 days'
               or r.what = 2 and t.ended > now() - interval '62 days' and bank.said_left(t.id)
                  and exists (select from bank.left_out(r.batch) o where o.transfer = t.id) and bank.wholly_booked(r.batch))
           + (select count(*) from bank.transfer t join bank.batch b on b.id = t.batch
              where t.state = 3 and t.ended between now() - interval '62 days' and filed_before
                and not exists (select from bank.reply r where r.subject = t.id and r.what = 4)
                and (exists (select from bank.reply r where r.subject = t.id and r.what = 3)
                     or b.sent_total = (select sum(r.amount) from bank.reply r where r.batch = b.id and r.what = 3)))
$$;
