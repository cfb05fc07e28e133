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

-- What is still to be taken of one, below zero what is to be given back: of one that is cancelled, or whose invoice the bank returned
-- since, nothing is due. Of one that two people have not approved, or that may still be contested, nothing is taken yet. An invoice that
-- is kept no more (no state) changes nothing: retention waits until its recovery is over.
create or replace function bank.rest(r bank.recovery, invoice_state smallint, taken bigint) returns bigint
    language sql stable as $$
    select case when r.cancelled is not null then -taken - r.settled
                when invoice_state is null then 0
                when invoice_state <> 6 then -taken - r.settled
                when r.due <= now() then r.amount - taken - r.settled
                else 0 end
$$;
create or replace function bank.rest_of(of_recovery bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select bank.rest(r, i.state, bank.taken_of(r.id))
    from bank.recovery r left join care.invoice i on i.id = r.invoice where r.id = of_recovery
$$;

-- Whether it stands: its invoice is paid still, or is kept no more.
create or replace function bank.stands(of_recovery bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(i.state = 6, true) from bank.recovery r left join care.invoice i on i.id = r.invoice where r.id = of_recovery
$$;

-- office: what no transfer settles: by place and insurer, what is still to be taken of it or, below zero, to be given back, and since
-- when no transfer could: it began, or the last one left, before a day. The oldest first, and the oldest recoveries of each; how many
-- places and recoveries there are is counted apart.
create or replace function bank.unsettled(before timestamptz, rows_at_most integer)
    returns table (establishment bigint, place text, town text, insurer text, amount bigint, recoveries bigint, since timestamptz,
                   oldest bigint[], places bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with taken as (select c.recovery, sum(c.amount)::bigint as cents from bank.recovered c
                   join bank.transfer t on t.id = c.transfer and t.state in (1, 2) group by 1),
    rests as (select r.id, r.establishment, r.insurer, bank.rest(r, i.state, coalesce(k.cents, 0)) as rest,
                     case when r.cancelled is not null then r.cancelled
                          when i.state <> 6 then coalesce((select max(t.ended) from bank.paid_invoice p
                                                           join bank.transfer t on t.id = p.transfer and t.state = 3
                                                           where p.invoice = r.invoice), r.due)
                          else r.due end as began
              from bank.recovery r left join care.invoice i on i.id = r.invoice left join taken k on k.recovery = r.id
              where r.approved is not null),
    owed as (select s.establishment, s.insurer, sum(s.rest)::bigint as rest, count(*) as n, min(s.began) as began,
                    (array_agg(s.id order by s.began, s.id))[1:20] as oldest,
                    (select max(b.prepared) from bank.transfer t join bank.batch b on b.id = t.batch
                     where t.establishment = s.establishment and b.insurer = s.insurer and t.state in (1, 2)) as last
             from rests s where s.rest <> 0 group by 1, 2, s.rest > 0),
    late as (select * from owed o where greatest(o.began, o.last) < before)
    select o.establishment, e.name, e.town, n.name, o.rest, o.n, greatest(o.began, o.last), o.oldest,
           (select count(distinct l.establishment) from late l)
    from late o join directory.establishment e on e.id = o.establishment join registry.insurer n on n.id = o.insurer
    order by 7, 1, 5 limit least(rows_at_most, 1000)
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

-- Whether care of the invoice of a recovery is on another that was decided since that was approved, and stands, or that waits: the same person or receipt,
-- place and day, one code at least; or somebody who may be the same (docs/adr/0140). Whoever gave such a recovery up would pay that
-- care twice.
create or replace function bank.invoiced_since(r bank.recovery) returns boolean language sql stable as $$
    select exists (
        select from care.invoice i
        join care.invoice o on o.id <> i.id and o.establishment = i.establishment and o.domain = i.domain and o.care_day = i.care_day
            and (o.state = 1 or o.decided > r.approved and care.counts(o))
            and (o.deposit = i.deposit or o.id in (
                select p.id from care.invoice p where p.person = i.person and p.care_day = i.care_day
                union all select care.beside_by_pair(i.id)
                union all select care.alike_to(i.id)))
        where i.id = r.invoice and exists (select from care.invoice_line l join care.invoice_line m using (item)
                                           where l.invoice = i.id and m.invoice = o.id))
$$;

-- Whether other care drew since on caps that may be those of the invoice of a recovery, and counted nothing of it: it was recovered
-- whole, even if a transfer that took of it came back later. Of the same person, insurer and domain, by what the place typed where one of
-- them quotes a deposit, or granted to her; within the months of a cap of that insurer. Given up, both would stand, above the cap.
create or replace function bank.drawn_since(r bank.recovery) returns boolean language sql stable as $$
    with i as materialized (select * from care.invoice x where x.id = r.invoice),
    drawn as (
        select o.care_day as from_day, o.care_day as until_day from i
        join care.invoice o on o.id <> i.id and o.insurer = i.insurer and o.domain = i.domain and o.decided > r.approved and o.due > 0
            and care.counts(o)
            and (o.person = i.person or num_nulls(o.person, i.person) > 0 and o.establishment = i.establishment
                                        and care.pairs_of(o.id) && care.pairs_of(i.id))
        union all
        select v.from_day, coalesce(v.until_day, v.from_day) from i cross join lateral care.reserved(i.person, i.insurer, i.domain) v
        join care.agreement a on a.id = v.agreement and coalesce(a.decided, now()) > r.approved)
    select r.amount = r.paid
       and r.amount <= r.settled + (select coalesce(sum(c.amount), 0) from bank.recovered c
                                    join bank.transfer t on t.id = c.transfer and t.state in (2, 3) where c.recovery = r.id)
       and exists (
        select from i cross join drawn d
        join registry.product p on p.insurer = i.insurer
        join registry.benefit b on b.product = p.id and b.domain = i.domain and b.cap_months is not null
            and (b.item is null or exists (select from care.invoice_line l where l.invoice = i.id and l.item = b.item))
        where i.care_day between d.from_day - 31 * b.cap_months and d.until_day + 31 * b.cap_months)
$$;

-- office: one of the staff approves one (1) for the amount that she read, or cancels it (2). 0 a second person must say so, 1 it is so
-- now, 2 it can no longer be said, 3 she said it already, 4 it is not cancelled: its care was invoiced again, 5 nor is it where other care drew on its caps. What was not approved yet is cancelled by one. Or that the rest which she
-- read, above or below zero, was settled by another way than a transfer (3).
create or replace function bank.say_recovery(
    of_recovery bigint, of_what smallint, by_staff bigint, by_name text, of_said text, seen_amount bigint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    contest_days constant integer := 30;
    read_amount constant bigint := case when of_what = 3 then seen_amount else 0 end;
    r bank.recovery;
    n integer;
begin
    perform gate.insist_durable();
    select * into r from bank.recovery x where x.id = of_recovery for update;
    if not found or coalesce(of_what, 0) not in (1, 2, 3) or (of_what <> 2 and seen_amount is null) or (of_what <> 3 and r.cancelled is not null)
       or (of_what = 1 and (r.approved is not null or r.amount is distinct from seen_amount))
       or (of_what = 3 and (r.approved is null or seen_amount = 0 or bank.rest_of(of_recovery) is distinct from seen_amount)) then
        return 2;
    end if;
    if of_what = 2 and bank.invoiced_since(r) then
        return 4;
    end if;
    if of_what = 2 and bank.drawn_since(r) then
        return 5;
    end if;
    insert into bank.recovery_word as w (recovery, what, staff, name, said, amount, round)
    values (of_recovery, of_what, by_staff, by_name, of_said, read_amount, r.round)
    on conflict (recovery, what, staff, round) do update set amount = excluded.amount, said = excluded.said, at = now()
        where w.amount <> excluded.amount;
    if not found then
        return 3;
    end if;
    select count(*) into n from bank.recovery_word w
    where w.recovery = of_recovery and w.what = of_what and w.amount = read_amount
      and w.round = r.round;                        -- what was said before it was settled is said anew
    if n < 2 and not (of_what = 2 and r.approved is null) then
        return 0;
    end if;
    if of_what = 1 then
        update bank.recovery x set approved = now(), due = now() + make_interval(days => contest_days) where x.id = of_recovery;
    elsif of_what = 2 then
        update bank.recovery x set cancelled = now() where x.id = of_recovery;
    else
        update bank.recovery x set settled = x.settled + seen_amount, round = x.round + 1 where x.id = of_recovery;
    end if;
    return 1;
end $$;

drop function if exists bank.own_recoveries(bigint, bigint);   -- an earlier shape did not say whether it stands
-- api: what is recovered of a session's own place, the newest first, once two people approved it: of an invoice, by its own reference.
-- With a transfer, what that one took of each, or gave back. The invoice is null once it is kept no more.
create or replace function bank.own_recoveries(of_session bigint, of_transfer bigint)
    returns table (id bigint, invoice bigint, reference text, care_day integer, insurer text, paid integer, amount integer,
                   reason smallint, said text, approved timestamptz, due timestamptz, cancelled timestamptz, taken bigint, stands boolean,
                   settled bigint, here bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.id, i.id, r.reference, r.care_day, n.name, r.paid, r.amount, r.reason, r.said, r.approved, r.due, r.cancelled,
           bank.told_of(r.id), coalesce(i.state = 6, true), r.settled, coalesce(c.amount, 0)
    from care.bearer(of_session) w
    join bank.recovery r on r.establishment = w.establishment and r.approved is not null
    left join care.invoice i on i.id = r.invoice
    join registry.insurer n on n.id = r.insurer
    left join bank.recovered c on c.recovery = r.id and c.transfer = of_transfer
    where of_transfer is null or c.transfer is not null
    order by r.approved desc, r.id desc limit 200
$$;
