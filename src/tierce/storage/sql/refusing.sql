-- Invoices that nothing decides, refused by two of the staff (billing/refusing, docs/adr/0129). `billing` alone says that one is, and
-- says so for days before anybody may: whoever holds the office's role refuses none that could be decided. Bounds are policy's
-- (policy/invoices.py), tested equal.

-- billing: keeps why it could not decide an invoice that waits; null where only another one about the same care keeps it waiting. Since
-- when is kept over turns and reasons, by the database's clock.
create or replace function care.note_undecided(of_invoice bigint, of_why smallint) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    update care.invoice i set undecided = of_why,
        undecided_since = case when of_why is not null then coalesce(i.undecided_since, now()) end
    where i.id = of_invoice and i.state = 1 and i.undecided is distinct from of_why
$$;

-- office: invoices that `billing` cannot decide, those that have waited longest first; of one, with `which`, as long as it waits or two
-- people refused it. Nobody covered is told of.
create or replace function care.undecided(which bigint, at_most integer)
    returns table (id bigint, place text, town text, insurer text, reference text, domain smallint, care_day integer, at timestamptz,
                   asked integer, state smallint, why smallint, since timestamptz, refusable_from timestamptz, found bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, e.name, e.town, n.name, i.reference, i.domain, i.care_day, i.at, i.asked, i.state, i.undecided, i.undecided_since,
           i.undecided_since + make_interval(days => 10),
           (select count(*) from care.invoice o where o.state = 1 and o.undecided is not null)
    from care.invoice i join directory.establishment e on e.id = i.establishment join registry.insurer n on n.id = i.insurer
    where i.undecided is not null and (i.state = 1 or which is not null and i.refused_said is not null) and (which is null or i.id = which)
    order by i.undecided_since, i.id limit least(at_most, 1000)
$$;

-- office: one of the staff says that such an invoice is refused, for a written reason, in words that its place reads; with her own line of
-- the journal, written in this very transaction. 0 a second person must say the same, 1 it is refused, 2 it waits no more or may be
-- decided still, 3 she said it already. Nothing is due of it: what it quotes is free again, and its place may send it anew.
create or replace function care.refuse_undecided(
    of_invoice bigint, of_reason smallint, by_staff bigint, by_name text, of_said text, of_entry bigint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    undecided_days constant integer := 10;
    reasons constant smallint[] := '{9,10,11,12}';
    one record;
    written record;
begin
    perform gate.insist_durable();
    select i.establishment into one from care.invoice i
    where i.id = of_invoice and i.state = 1 and i.undecided is not null
      and i.undecided_since <= now() - make_interval(days => undecided_days) for update;
    if not found then
        return 2;
    end if;
    if (of_reason = any (reasons)) is not true then
        raise exception 'an invoice is refused for a written reason' using errcode = 'check_violation';
    end if;
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> 22 or get_byte(written.body, 2) <> 104 or journal.u64(written.body, 16) <> by_staff
       or journal.u64(written.body, 24) <> one.establishment or journal.u64(written.body, 112) <> of_invoice then
        raise exception 'an invoice is refused with the own line of whoever says so' using errcode = 'check_violation';
    end if;
    insert into care.refusal_word as w (invoice, staff, name, reason, said) values (of_invoice, by_staff, by_name, of_reason, of_said)
    on conflict (invoice, staff) do update set reason = excluded.reason, said = excluded.said, at = now()
        where (w.reason, w.said) is distinct from (excluded.reason, excluded.said);
    if not found then
        return 3;
    end if;
    if (select count(*) from care.refusal_word w where w.invoice = of_invoice and w.reason = of_reason and w.said = of_said) < 2 then
        return 0;
    end if;
    update care.invoice set state = 3, reason = of_reason, due = 0, decided = now(), refused_said = of_said where id = of_invoice;
    update care.invoice_line set due = 0 where invoice = of_invoice;
    return 1;
end $$;
