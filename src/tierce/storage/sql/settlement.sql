-- What is due, paid by grouped transfers (billing/settlement, docs/adr/0099). `billing` alone gathers what is due and writes the
-- file; staff say when, and never whom or how much. Bounds are policy's (policy/transfers.py), tested equal.

-- Why nothing is sent to an establishment now: 0 nothing stands in the way, else billing.settlement.model.Left.
create or replace function bank.withheld(of_establishment bigint) returns smallint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case
        when k.id is null then 1
        when exists (select from bank.transfer t where t.account = k.id and t.state = 3) then 2
        when exists (select from access.ladder h where h.level = 3 and h.subject = of_establishment and h.rung >= 4
                     and h.lifted is null and h.until > now()) then 3
        else 0 end::smallint
    from (select) one left join bank.account k on k.establishment = of_establishment and k.state = 3
$$;

-- What is due to be paid of one insurer: by establishment, those first whose invoices have waited longest.
create or replace function bank.payable(of_insurer smallint, at_most integer)
    returns table (establishment bigint, account bigint, invoices bigint, amount bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select d.establishment, k.id, d.n, d.cents
    from (select i.establishment, count(*) as n, sum(i.due)::bigint as cents, min(i.decided) as since from care.invoice i
          where i.insurer = of_insurer and i.state in (2, 7) and i.transfer is null and i.due > 0 group by 1) d
    join bank.account k on k.establishment = d.establishment and k.state = 3
    where bank.withheld(d.establishment) = 0 order by d.since, 1 limit at_most
$$;

-- Insurers of whom something may be paid and no batch waits for approval: one batch of each a day, or another at once after one
-- that was full.
create or replace function bank.to_prepare(full_at integer) returns setof smallint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select n.insurer
    from (select distinct i.insurer from care.invoice i where i.state in (2, 7) and i.transfer is null and i.due > 0) n
    where not exists (select from bank.batch b where b.insurer = n.insurer and (b.state = 1
              or b.prepared >= gate.day_start() and b.transfers < full_at))
      and exists (select from bank.payable(n.insurer, 1))
    order by 1
$$;

-- Gathers what is due: invoices of these establishments, each locked and put into one transfer. Gives how many transfers there are,
-- and their total; nothing is kept when nothing was left to gather.
create or replace function bank.prepare(
    of_insurer smallint, new_batch bigint, establishments bigint[], new_ids bigint[], out transfers integer, out total bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    of_one_transfer constant integer := 4000;       -- what its place reads of it, whole (bank.own_paid)
    found bigint[];
    dues integer[];
    ids bigint[];
begin
    perform gate.insist_durable();
    select array_agg(l.id), array_agg(l.due), array_agg(n.id), count(distinct n.id)::integer, coalesce(sum(l.due), 0)::bigint
    into found, dues, ids, transfers, total
    from (select k.id, k.establishment, k.due, row_number() over (partition by k.establishment order by k.decided, k.id) as nth
          from (select i.id, i.establishment, i.due, i.decided from care.invoice i
                where i.insurer = of_insurer and i.establishment = any(establishments) and i.state in (2, 7) and i.transfer is null
                  and i.due > 0 order by i.id for update) k) l
    join (select u.establishment, u.id from unnest(establishments, new_ids) u(establishment, id)
          where bank.withheld(u.establishment) = 0) n on n.establishment = l.establishment
    where l.nth <= of_one_transfer;
    if transfers = 0 then
        return;
    end if;
    insert into bank.batch (id, insurer, transfers, total) values (new_batch, of_insurer, transfers, total);
    insert into bank.transfer (id, batch, establishment, account, amount, invoices)
    select n.id, new_batch, n.establishment, k.id, s.amount, s.invoices
    from (select g.id, sum(g.due)::bigint as amount, count(*)::integer as invoices from unnest(ids, dues) g(id, due) group by 1) s
    join unnest(establishments, new_ids) n(establishment, id) on n.id = s.id
    join bank.account k on k.establishment = n.establishment and k.state = 3;
    insert into bank.paid_invoice (transfer, invoice, due) select g.id, g.invoice, g.due from unnest(ids, found, dues) g(id, invoice, due);
    update care.invoice i set transfer = g.id from unnest(ids, found) g(id, invoice) where i.id = g.invoice;
    total := total - bank.recover(new_batch);
    update bank.batch b set total = prepare.total where b.id = new_batch;
end $$;

-- Gives the invoices of some transfers back: payable by another batch.
create or replace function bank.give_back(of_transfers bigint[], to_state smallint) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    update care.invoice i set state = to_state, transfer = null where i.transfer = any(of_transfers) and i.state in (2, 5, 6, 7)
$$;

-- office: one of the staff says something of a batch, or of a transfer in it. 0 it was kept and a second person must say the same,
-- 1 it is so now, 2 it can no longer be said, 3 she said it already. `seen_total` is the sum that she read.
create or replace function bank.say(
    of_batch bigint, of_subject bigint, of_what smallint, of_detail smallint, by_staff bigint, by_name text, of_word text,
    seen_total bigint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    b bank.batch;
    t bank.transfer;
    may boolean;
    done bigint[];
begin
    select * into b from bank.batch x where x.id = of_batch for update;
    if of_what in (4, 6) then
        select * into t from bank.transfer x where x.id = of_subject and x.batch = of_batch for update;
    end if;
    may := case of_what
        when 1 then b.state = 1 and b.total = seen_total and of_subject = b.id
        when 2 then b.state in (1, 2) and of_subject = b.id
        when 3 then b.state = 3 and of_subject = b.id
        when 4 then b.state in (3, 4) and t.state in (1, 2) and of_detail > 0
        when 5 then b.state = 3 and of_subject = b.id
        when 6 then b.state = 4 and t.state in (1, 2)
            and exists (select from bank.left_out(of_batch) o where o.transfer = of_subject) end;
    if may is not true then
        return 2;
    end if;
    insert into bank.word as w (batch, subject, what, staff, detail, name, said)
    values (of_batch, of_subject, of_what, by_staff, of_detail, by_name, of_word)
    on conflict (batch, subject, what, staff) do update set detail = excluded.detail, said = excluded.said, at = now()
        where w.detail <> excluded.detail;
    if not found then
        return 3;
    end if;
    if of_what in (1, 4, 5, 6) and (select count(*) from bank.word w where w.batch = of_batch and w.subject = of_subject
                                 and w.what = of_what and w.detail = of_detail) < 2 then
        return 0;
    end if;
    case of_what
    when 1 then
        update bank.batch x set state = 2, approved = now() where x.id = of_batch;
        update care.invoice i set state = 5 from bank.transfer x where x.batch = of_batch and i.transfer = x.id;
    when 2, 5 then
        with gone as (update bank.transfer x set state = 4, why = case of_what when 2 then 4 else 5 end, ended = now()
                      where x.batch = of_batch and x.state = 1 returning x.id)
        select array_agg(g.id) into done from gone g;
        perform bank.give_back(done, 2::smallint);
        update bank.batch x set state = case of_what when 2 then 6 else 5 end, ended = now() where x.id = of_batch;
    when 3 then
        perform bank.carried_out(of_batch);
    when 4 then
        update bank.transfer x set state = 3, why = of_detail, ended = now() where x.id = of_subject;
        perform bank.give_back(array[of_subject], 7::smallint);
    when 6 then                                      -- it left, though a report of the bank's rejects it: paid, and nothing is due again
        update bank.transfer x set state = 2, ended = coalesce(x.ended, now()) where x.id = of_subject;
        update care.invoice i set state = 6 where i.transfer = of_subject and i.state = 5;
    end case;
    return 1;
end $$;

-- billing: locks a batch that two people approved, leaves out whom nothing may be sent to any more, and gives the others with the
-- account that was in force when they were gathered, and is still.
create or replace function bank.take_up_batch(of_batch bigint)
    returns table (transfer bigint, establishment bigint, amount bigint, sealed bytea, holder text, approved timestamptz)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    left_out bigint[];
begin
    perform from bank.batch b where b.id = of_batch and b.state = 2 for update;
    if not found then
        return;
    end if;
    with gone as (
        update bank.transfer t set state = 4, ended = now(),
            why = case when k.id is null then 1 else bank.withheld(t.establishment) end
        from bank.transfer x left join bank.account k on k.id = x.account and k.state = 3
        where t.id = x.id and x.batch = of_batch and x.state = 1 and (k.id is null or bank.withheld(x.establishment) <> 0)
        returning t.id)
    select array_agg(g.id) into left_out from gone g;
    perform bank.give_back(left_out, 2::smallint);
    return query select t.id, t.establishment, t.amount, k.sealed, k.holder, b.approved
    from bank.batch b join bank.transfer t on t.batch = b.id and t.state = 1 join bank.account k on k.id = t.account
    where b.id = of_batch order by t.id;
end $$;

-- billing: keeps that the file of a batch is written, with its own line of the journal; without a digest, that nothing was left to
-- write. What it holds is what was prepared, less what was left out.
create or replace function bank.filed(of_batch bigint, of_digest bytea, of_entry bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    written record;
    n integer;
    cents bigint;
begin
    perform gate.insist_durable();
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> 22 or get_byte(written.body, 2) <> 245 or journal.u64(written.body, 112) <> of_batch then
        raise exception 'a file is written with its own line of the journal' using errcode = 'check_violation';
    end if;
    select count(*)::integer, coalesce(sum(t.amount), 0)::bigint into n, cents
    from bank.transfer t where t.batch = of_batch and t.state = 1;
    if (n = 0) <> (of_digest is null) then
        raise exception 'a file holds what is left of its batch' using errcode = 'check_violation';
    end if;
    update bank.batch b set state = case when n = 0 then 6 else 3 end, ended = case when n = 0 then now() end,
        filed = case when n > 0 then now() end, digest = of_digest, sent = nullif(n, 0), sent_total = nullif(cents, 0)
    where b.id = of_batch and b.state = 2;
    if not found then
        raise exception 'no batch of this number waits for its file' using errcode = 'insufficient_privilege';
    end if;
end $$;

-- billing: what the file of a batch held, to write it again.
create or replace function bank.file_again(of_batch bigint)
    returns table (transfer bigint, establishment bigint, amount bigint, sealed bytea, holder text, approved timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, t.establishment, t.amount, k.sealed, k.holder, b.approved
    from bank.batch b join bank.transfer t on t.batch = b.id and t.state <> 4 join bank.account k on k.id = t.account
    where b.id = of_batch and b.state in (3, 4) order by t.id
$$;

-- What waits and cannot be sent, by why: how many establishments, how many cents.
create or replace function bank.waiting() returns table (why smallint, establishments bigint, invoices bigint, amount bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.why, count(*), sum(p.n)::bigint, sum(p.due)::bigint
    from (select bank.withheld(i.establishment) as why, count(*) as n, sum(i.due) as due from care.invoice i
          where i.state in (2, 7) and i.transfer is null and i.due > 0 group by i.establishment) p
    group by 1 order by 1
$$;

-- api: the transfers to a session's own place, the newest first; of one, with `which`. The account's last four, as on her own page.
drop function if exists bank.own_transfers(bigint, bigint, bigint, integer);   -- an earlier shape recovered nothing
create or replace function bank.own_transfers(of_session bigint, which bigint, after bigint, at_most integer)
    returns table (id bigint, insurer text, amount bigint, invoices integer, state smallint, why smallint, country text, tail text,
                   approved timestamptz, filed timestamptz, ended timestamptz, recovered bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select t.id, n.name, t.amount, t.invoices, t.state, t.why, k.country, k.tail, b.approved, b.filed, t.ended,
           coalesce((select sum(c.amount) from bank.recovered c where c.transfer = t.id), 0)::bigint
    from care.bearer(of_session) w
    join bank.transfer t on t.establishment = w.establishment
    join bank.batch b on b.id = t.batch and b.filed is not null and t.state <> 4
    join registry.insurer n on n.id = b.insurer
    left join bank.account k on k.id = t.account
    where (which is null or t.id = which)
      and (after is null or (b.filed, t.id) < (select y.filed, x.id from bank.transfer x join bank.batch y on y.id = x.batch
                                               where x.id = after and x.establishment = w.establishment))
    order by b.filed desc, t.id desc limit least(at_most, 101)
$$;

-- What one transfer to a session's own place pays: by invoice, its own reference.
create or replace function bank.own_paid(of_session bigint, of_transfer bigint)
    returns table (invoice bigint, reference text, care_day integer, asked integer, due integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, i.reference, i.care_day, i.asked, p.due
    from care.bearer(of_session) w
    join bank.transfer t on t.establishment = w.establishment and t.id = of_transfer and t.state <> 4
    join bank.batch b on b.id = t.batch and b.filed is not null
    join bank.paid_invoice p on p.transfer = t.id
    join care.invoice i on i.id = p.invoice
    order by i.care_day, i.id limit 4000
$$;
