-- What process `billing` may know of a person to decide an invoice (billing/deciding, docs/adr/0097): the sealed cover of one
-- insurer, of a person in whose name an invoice waits, and nothing once it is decided. It writes no table of invoices: what is
-- decided is decided once, so that nothing it does makes an invoice wait again and its person readable.

-- Whether what was paid of an invoice was recovered whole, as the bank's replies or two people say: it is due no more, and draws no cap,
-- no deposit, and is no other's duplicate. A part that was recovered says of no line which.
create or replace function care.recovered_whole(of_invoice bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from bank.recovery r
        where r.invoice = of_invoice and r.approved is not null and r.cancelled is null and r.amount = r.paid
          and r.amount <= r.settled + (select coalesce(sum(c.amount), 0) from bank.recovered c
                                       join bank.transfer t on t.id = c.transfer and t.state = 2 where c.recovery = r.id))
$$;

-- Whether an invoice is to be paid, or was and that stands: what caps, deposits and the same care count.
create or replace function care.counts(i care.invoice) returns boolean language sql stable as $$
    select i.state in (2, 5, 7) or i.state = 6 and not care.recovered_whole(i.id)
$$;

-- By which keyed numbers a place is known to have asked about whom an invoice is of: its answer's, or those of its deposit.
create or replace function care.pairs_of(of_invoice bigint) returns bigint[] language sql stable as $$
    select array_remove(array[e.pair, d.pair, d.card_pair], null)
    from care.invoice i
    left join care.agreement a on a.id = i.agreement
    left join care.engagement e on e.seq = coalesce(i.engagement, a.engagement)
    left join care.deposit d on d.number = i.deposit
    where i.id = of_invoice
$$;

-- Other invoices of the same place, domain and day of care, of the same person by what the place typed, where one of the two quotes a
-- deposit, which has no person (docs/adr/0119). Those that stand; numbers alone.
create or replace function care.beside_by_pair(of_invoice bigint) returns setof bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with one as materialized (select i.*, care.pairs_of(i.id) as pairs from care.invoice i where i.id = of_invoice)
    select o.id from one m
    join care.deposit d on d.establishment = m.establishment and (d.pair = any(m.pairs) or d.card_pair = any(m.pairs))
    join care.invoice o on o.deposit = d.number
    where o.id <> m.id and o.domain = m.domain and o.care_day = m.care_day and o.state not in (3, 4)
    union
    select o.id from one m
    join care.invoice o on o.establishment = m.establishment and o.deposit is null
        and o.at >= (date '1970-01-01' + m.care_day)::timestamp at time zone 'Europe/Paris'
    where m.deposit is not null and o.domain = m.domain and o.care_day = m.care_day and o.state not in (3, 4)
      and care.pairs_of(o.id) && m.pairs
$$;

-- Whether two people of the register may be one, of whom insurers tell under two numbers (docs/adr/0140): a copy of each bears the same
-- keyed letter, birth date and sex, and not both have a number of their own. A copy that came before these marks says nothing.
create or replace function care.may_be_one(one bigint, other bigint) returns boolean language sql stable as $$
    select exists (select from person.record a join person.record b on b.alike = a.alike where a.person = one and b.person = other)
       and not (exists (select from person.record a where a.person = one and not a.borrowed)
                and exists (select from person.record b where b.person = other and not b.borrowed))
$$;

-- Other invoices of the same place, domain and day of care that hold a code of this one, in the name of somebody who may be the same
-- person. Of one insurer, whoever it tells of under one contract holder are two: twins.
create or replace function care.alike_to(of_invoice bigint) returns setof bigint language sql stable as $$
    select o.id from care.invoice i
    join care.invoice o on o.establishment = i.establishment and o.care_day = i.care_day and o.domain = i.domain
        and o.person <> i.person and o.state not in (3, 4)
        and o.at >= (date '1970-01-01' + i.care_day)::timestamp at time zone 'Europe/Paris'
    where i.id = of_invoice
      and exists (select from care.invoice_line l join care.invoice_line k on k.item = l.item where l.invoice = i.id and k.invoice = o.id)
      and not exists (select from person.family f join person.family g on g.insurer = f.insurer and g.holder = f.holder
                      where f.insurer = i.insurer and o.insurer = i.insurer and f.person = i.person and g.person = o.person)
      and care.may_be_one(i.person, o.person)
$$;

-- billing: the same of an invoice that waits; numbers alone, and nothing once it is decided.
create or replace function care.alike_beside(of_invoice bigint) returns setof bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.id from care.invoice i cross join lateral care.alike_to(i.id) o(id) where i.id = of_invoice and i.state = 1
$$;

-- What deposits of one person, by the numbers under which a place knows her, paid that place of an insurer and domain.
create or replace function care.paid_by_receipt(at_place bigint, of_insurer smallint, of_domain smallint, pairs bigint[])
    returns table (item text, care_day integer, quantity smallint, due integer) language sql stable as $$
    select l.item, o.care_day, l.quantity, l.due
    from care.deposit d
    join care.invoice o on o.deposit = d.number and o.insurer = of_insurer and o.domain = of_domain and care.counts(o)
    join care.invoice_line l on l.invoice = o.id and l.due > 0
    where d.establishment = at_place and (d.pair = any(pairs) or d.card_pair = any(pairs))
$$;

-- The same of whom an invoice that waits is of, or an agreement: as far as caps may count it.
create or replace function care.deposited(of_invoice bigint)
    returns table (item text, care_day integer, quantity smallint, due integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.* from care.invoice i
    cross join lateral care.paid_by_receipt(i.establishment, i.insurer, i.domain, care.pairs_of(i.id)) p
    where i.id = of_invoice and i.state = 1
$$;
create or replace function care.deposited_of_agreement(of_agreement bigint)
    returns table (item text, care_day integer, quantity smallint, due integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.* from care.agreement a join care.engagement e on e.seq = a.engagement
    cross join lateral care.paid_by_receipt(a.establishment, a.insurer, a.domain, array[e.pair]) p
    where a.id = of_agreement and a.state = 1
$$;

-- Locks an invoice that waits until the transaction ends, and says what it quotes guarantees still: days of care, and of a deposit the
-- cents left once other invoices on it that stand were counted, and those of the same care by an answer (`most`; null where an answer
-- gives no amount). Two that were
-- taken in at one moment may have been promised the same cents. Without days, what it quotes is no longer kept.
-- An agreement guarantees care to its last day, and stays granted while an invoice of it waits.
drop function if exists care.take_up_invoice(bigint);   -- an earlier shape knew no agreement
create or replace function care.take_up_invoice(of_invoice bigint)
    returns table (establishment bigint, person bigint, insurer smallint, domain smallint, care_day integer, deposit bigint,
                   agreement bigint,
                   first_day integer, last_day integer, most integer)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select i.establishment, i.person, i.insurer, i.domain, i.care_day, i.deposit, i.agreement,
           coalesce(e.care_day, d.care_day, a.care_day), coalesce(e.until_day, d.care_day, a.until_day),
           case when d.state = 2 then
               d.amount - coalesce((select sum(o.due) from care.invoice o
                                    where o.id <> i.id and care.counts(o) and (o.deposit = i.deposit
                                        or o.insurer = i.insurer and o.id in (select care.beside_by_pair(i.id)))), 0)::integer
           when i.deposit is not null then 0 end
    from care.invoice i
    left join care.engagement e on e.seq = i.engagement
    left join care.deposit d on d.number = i.deposit
    left join care.agreement a on a.id = i.agreement and a.state = 3
    where i.id = of_invoice and i.state = 1 for update of i
$$;

-- Keeps what was decided of an invoice that waits: paid (2) or refused (3), by so much for each of its lines, with its own line of
-- the journal, written in this very transaction.
create or replace function care.decide_invoice(
    of_invoice bigint, of_state smallint, of_reason smallint, of_edition bigint, dues integer[], of_entry bigint)
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
    written record;
    total constant bigint := (select sum(d) from unnest(dues) d);
begin
    perform gate.insist_durable();
    select i.establishment, i.agreement, (select count(*) from care.invoice_line l where l.invoice = i.id) as lines into one
    from care.invoice i where i.id = of_invoice and i.state = 1 for update;
    if not found then
        raise exception 'no invoice of this number waits' using errcode = 'insufficient_privilege';
    end if;
    if of_state not in (2, 3) or cardinality(dues) is distinct from one.lines or array_position(dues, null) is not null
       or (of_state = 2) <> (total > 0)
       or (of_state = 3 and of_reason = 0) then
        raise exception 'an invoice is paid by its lines, or refused for a reason' using errcode = 'check_violation';
    end if;
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> 22 or get_byte(written.body, 2) <> 242
       or journal.u64(written.body, 24) <> one.establishment or journal.u64(written.body, 80) <> 0
       or journal.u64(written.body, 112) <> of_invoice then
        raise exception 'an invoice is decided with its own line of the journal' using errcode = 'check_violation';
    end if;
    if of_state = 2 and one.agreement is not null then
        update care.agreement set state = 5, ended = now() where id = one.agreement and state = 3 and due >= total;
        if not found then
            raise exception 'an invoice of an agreement is paid within what was granted' using errcode = 'check_violation';
        end if;
    end if;
    update care.invoice set state = of_state, reason = of_reason, due = total, decided = now(), edition = of_edition
    where id = of_invoice;
    update care.invoice_line l set due = d.due from unnest(dues) with ordinality d(due, n)
    where l.invoice = of_invoice and l.n = d.n;
end $$;

-- The period of cover by which a waiting invoice is priced: what the insurer answered with the engagement that it quotes, where it was
-- asked on the way; else, of those that began by the day of care the last, one with the domain first. It may have been closed
-- since: what the invoice quotes guarantees the payment all the same.
create or replace function care.cover_of_waiting(of_invoice bigint)
    returns table (person bigint, insurer smallint, from_day integer, sealed bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.person, w.insurer, w.from_day, w.sealed
    from care.invoice i join coverage.answered w on w.seq = i.engagement
    where i.id = of_invoice and i.state = 1
    union all (
        select v.person, v.insurer, v.from_day, v.sealed
        from care.invoice i
        join coverage.coverage v on v.person = i.person and v.insurer = i.insurer and v.from_day <= i.care_day
        where i.id = of_invoice and i.state = 1
          and not exists (select from coverage.answered w where w.seq = i.engagement)
        order by v.domains & (1 << (i.domain - 1)) <> 0 desc, v.from_day desc limit 1)
$$;

-- The place of an insurer among those that cover her: 1 pays first.
create or replace function care.payer_rank(of_person bigint, of_insurer smallint, of_domain smallint, of_day integer) returns smallint
    language sql stable as $$
    select coalesce((
        select v.priority from coverage.coverage v
        where v.person = of_person and v.insurer = of_insurer and v.from_day <= of_day
        order by v.domains & (1 << (of_domain - 1)) <> 0 desc, v.from_day desc limit 1), 1::smallint)
$$;

-- Whether of two invoices that wait one is decided before the other: to the insurer that pays first of those that cover her on the day
-- of care, then as they came. What is by a receipt has no person, and goes with those to the first: the order is one over all of a
-- care, or three of them would wait for one another. It says the order alone, and of no invoice that is decided.
create or replace function care.goes_before(of_invoice bigint, other bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (care.payer_rank(i.person, i.insurer, i.domain, i.care_day), i.at, i.id)
         < (care.payer_rank(o.person, o.insurer, o.domain, o.care_day), o.at, o.id)
    from care.invoice i cross join care.invoice o
    where i.id = of_invoice and o.id = other and i.state = 1 and o.state = 1
$$;

-- Whether an invoice or an agreement of hers, to this insurer, waits to be decided: her cover is kept until it is.
create or replace function care.is_to_price(of_person bigint, of_insurer smallint) returns boolean language sql stable as $$
    select exists (select from care.invoice i where i.state = 1 and i.person = of_person and i.insurer = of_insurer)
        or exists (select from care.agreement a where a.state = 1 and a.person = of_person and a.insurer = of_insurer)
$$;

-- That `billing` lives, how many invoices and agreements wait, and what its last turn could not decide.
create or replace function upkeep.billing_lives(of_version text, of_turns bigint, of_failing text[]) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into upkeep.heartbeat as h (process, started, at, version, turns, waiting, failing)
    select 'billing', now(), now(), of_version, of_turns, (select count(*) from care.invoice i where i.state = 1)
           + (select count(*) from care.agreement a where a.state = 1), of_failing
    on conflict (process) do update set
        started = case when excluded.turns < h.turns then now() else h.started end,
        at = now(), version = excluded.version, turns = excluded.turns, waiting = excluded.waiting,
        failing = excluded.failing
$$;

-- How long the invoice or the agreement that waits longest has waited, in seconds; null when none does. For whoever looks after the machine.
create or replace function upkeep.oldest_invoice() returns double precision
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select extract(epoch from now() - least((select min(i.at) from care.invoice i where i.state = 1),
                                            (select min(a.at) from care.agreement a where a.state = 1)))::double precision
$$;
