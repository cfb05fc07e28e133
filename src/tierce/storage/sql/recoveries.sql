-- What was paid and is not due (billing/settlement/recoveries, docs/adr/0107). Nothing opens one by itself; two of the staff do, a
-- place is told before anything is taken, and no transfer gives more than a part. Bounds are policy's (policy/transfers.py), tested equal.

-- What was taken of a recovery so far, and counts: by transfers that are ordered or paid.
create or replace function bank.taken_of(of_recovery bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(c.amount), 0)::bigint from bank.recovered c join bank.transfer t on t.id = c.transfer
    where c.recovery = of_recovery and t.state in (1, 2)
$$;

-- What places and people read of it: of files that were written.
create or replace function bank.told_of(of_recovery bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select greatest(coalesce(sum(c.amount), 0), 0)::bigint from bank.recovered c join bank.transfer t on t.id = c.transfer
    join bank.batch b on b.id = t.batch where c.recovery = of_recovery and t.state in (1, 2) and b.filed is not null
$$;

-- What is still to be taken of it, below zero what is to be given back: of one that is cancelled, or whose invoice the bank returned
-- since, nothing is due. Of one that two people have not approved, or that may still be contested, nothing is taken yet. An invoice that
-- is kept no more changes nothing: retention waits until its recovery is over.
create or replace function bank.rest_of(of_recovery bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case when r.cancelled is not null then -bank.taken_of(r.id)
                when i.id is null then 0
                when i.state <> 6 then -bank.taken_of(r.id)
                when r.due <= now() then r.amount - bank.taken_of(r.id)
                else 0 end
    from bank.recovery r left join care.invoice i on i.id = r.invoice where r.id = of_recovery
$$;

-- Takes from the transfers of a batch that is prepared what is to be recovered of each place, the oldest first, a part of each at most,
-- and adds what is to be given back; gives how much less the batch is. In the transaction of bank.prepare, which gathered what is due.
create or replace function bank.recover(of_batch bigint) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    share_percent constant integer := 30;
    one record;
    taken bigint;
    less bigint := 0;
    place bigint;
    room bigint;
begin
    -- Locked first: what another batch took meanwhile is counted below.
    perform from bank.recovery r join bank.transfer t on t.establishment = r.establishment
    join bank.batch b on b.id = t.batch and b.insurer = r.insurer
    where b.id = of_batch order by r.id for update of r;
    for one in select t.id as transfer, t.establishment, t.amount, x.id, x.rest
               from bank.batch b join bank.transfer t on t.batch = b.id
               join lateral (select r.id, r.due, bank.rest_of(r.id) as rest from bank.recovery r
                             where r.establishment = t.establishment and r.insurer = b.insurer) x on x.rest <> 0
               where b.id = of_batch order by t.establishment, x.rest > 0, x.due, x.id loop
        if place is distinct from one.establishment then
            place := one.establishment;
            room := one.amount * share_percent / 100;
        end if;
        taken := least(one.rest, room);
        continue when taken = 0;
        room := room - greatest(taken, 0);
        less := less + taken;
        insert into bank.recovered (transfer, recovery, amount) values (one.transfer, one.id, taken);
        update bank.transfer t set amount = t.amount - taken where t.id = one.transfer;
    end loop;
    return less;
end $$;

-- office: opens one, of an invoice that a transfer paid, by the place's own reference. 0 kept, and a second person must approve it; 1 the
-- transfer paid no such invoice; 2 it is not paid, or that is more than was; 3 it was opened before.
create or replace function bank.open_recovery(
    new_id bigint, of_transfer bigint, of_reference text, of_amount integer, of_reason smallint, by_staff bigint, by_name text,
    of_said text) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    perform gate.insist_durable();
    select i.id, i.establishment, i.insurer, i.state, i.transfer, i.care_day, p.due into one
    from bank.transfer t join bank.paid_invoice p on p.transfer = t.id
    join care.invoice i on i.id = p.invoice and i.reference = of_reference
    where t.id = of_transfer for update of i;
    if not found then
        return 1;
    end if;
    if one.state <> 6 or one.transfer is distinct from of_transfer or of_amount not between 1 and one.due then
        return 2;
    end if;
    insert into bank.recovery (id, invoice, reference, care_day, paid, establishment, insurer, amount, reason, said)
    values (new_id, one.id, of_reference, one.care_day, one.due, one.establishment, one.insurer, of_amount, of_reason, of_said)
    on conflict do nothing;
    if not found then
        return 3;
    end if;
    insert into bank.recovery_word (recovery, what, staff, name, said) values (new_id, 1, by_staff, by_name, of_said);
    return 0;
end $$;

-- office: one of the staff approves one (1) for the amount that she read, or cancels it (2). 0 a second person must say so, 1 it is so
-- now, 2 it can no longer be said, 3 she said it already. What was not approved yet is cancelled by one.
create or replace function bank.say_recovery(
    of_recovery bigint, of_what smallint, by_staff bigint, by_name text, of_said text, seen_amount bigint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    contest_days constant integer := 30;
    r bank.recovery;
    n integer;
begin
    perform gate.insist_durable();
    select * into r from bank.recovery x where x.id = of_recovery for update;
    if not found or r.cancelled is not null or of_what not in (1, 2)
       or (of_what = 1 and (r.approved is not null or r.amount <> seen_amount)) then
        return 2;
    end if;
    insert into bank.recovery_word (recovery, what, staff, name, said) values (of_recovery, of_what, by_staff, by_name, of_said)
    on conflict do nothing;
    if not found then
        return 3;
    end if;
    select count(*) into n from bank.recovery_word w where w.recovery = of_recovery and w.what = of_what;
    if n < 2 and not (of_what = 2 and r.approved is null) then
        return 0;
    end if;
    if of_what = 1 then
        update bank.recovery x set approved = now(), due = now() + make_interval(days => contest_days) where x.id = of_recovery;
    else
        update bank.recovery x set cancelled = now() where x.id = of_recovery;
    end if;
    return 1;
end $$;

-- api: what is recovered of a session's own place, the newest first, once two people approved it: of an invoice, by its own reference.
-- With a transfer, what that one took of each, or gave back. The invoice is null once it is kept no more.
create or replace function bank.own_recoveries(of_session bigint, of_transfer bigint)
    returns table (id bigint, invoice bigint, reference text, care_day integer, insurer text, paid integer, amount integer,
                   reason smallint, said text, approved timestamptz, due timestamptz, cancelled timestamptz, taken bigint, here bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.id, i.id, r.reference, r.care_day, n.name, r.paid, r.amount, r.reason, r.said, r.approved, r.due, r.cancelled,
           bank.told_of(r.id), coalesce(c.amount, 0)
    from care.bearer(of_session) w
    join bank.recovery r on r.establishment = w.establishment and r.approved is not null
    left join care.invoice i on i.id = r.invoice
    join registry.insurer n on n.id = r.insurer
    left join bank.recovered c on c.recovery = r.id and c.transfer = of_transfer
    where of_transfer is null or c.transfer is not null
    order by r.approved desc, r.id desc limit 200
$$;
