-- Invoices and agreements that nothing decides, refused by two of the staff (billing/refusing, docs/adr/0129). `billing` alone says
-- that one is, and says so for days before anybody may: whoever holds the office's role refuses none that could be decided. Bounds are
-- policy's (policy/invoices.py), tested equal. `kind` is that of their lines in the journal: 22 an invoice, 25 an agreement.

-- All that `billing` could not decide, whatever became of it since: it waits for staff, or two of them `said` what becomes of it.
drop function if exists care.undecidable();          -- an earlier shape knew refusals alone
create or replace function care.undecidable()
    returns table (kind smallint, id bigint, establishment bigint, insurer smallint, reference text, domain smallint, care_day integer,
                   at timestamptz, asked integer, why smallint, since timestamptz, waits boolean, said boolean)
    language sql stable as $$
    select 22::smallint, i.id, i.establishment, i.insurer, i.reference, i.domain, i.care_day, i.at, i.asked, i.undecided,
           i.undecided_since, i.state = 1 and i.ruled is null, i.refused_said is not null or i.ruled is not null
    from care.invoice i where i.undecided is not null
    union all
    select 25::smallint, a.id, a.establishment, a.insurer, a.reference, a.domain, a.care_day, a.at, a.asked, a.undecided,
           a.undecided_since, a.state = 1, a.refused_said is not null
    from care.agreement a where a.undecided is not null
$$;

-- billing: keeps why it could not decide one that waits; null where only another one about the same care keeps it waiting. Since
-- when is kept over turns and reasons, by the database's clock.
drop function if exists care.note_undecided(bigint, smallint);   -- an earlier shape knew invoices alone, as those below
create or replace function care.note_undecided(of_kind smallint, which bigint, of_why smallint) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    update care.invoice i set undecided = of_why,
        undecided_since = case when of_why is not null then coalesce(i.undecided_since, now()) end
    where of_kind = 22 and i.id = which and i.state = 1 and i.undecided is distinct from of_why;
    update care.agreement a set undecided = of_why,
        undecided_since = case when of_why is not null then coalesce(a.undecided_since, now()) end
    where of_kind = 25 and a.id = which and a.state = 1 and a.undecided is distinct from of_why
$$;

-- office: what `billing` cannot decide, what has waited longest first; one of a kind, with `which`, as long as it waits or two people
-- refused it. Nobody covered is told of.
drop function if exists care.undecided(bigint, integer);
create or replace function care.undecided(of_kind smallint, which bigint, at_most integer)
    returns table (kind smallint, id bigint, establishment bigint, place text, town text, insurer text, reference text, domain smallint,
                   care_day integer, at timestamptz, asked integer, waits boolean, why smallint, since timestamptz,
                   refusable_from timestamptz, found bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select u.kind, u.id, u.establishment, e.name, e.town, n.name, u.reference, u.domain, u.care_day, u.at, u.asked, u.waits, u.why, u.since,
           u.since + make_interval(days => case when u.why = 5 then 0 else 10 end), (select count(*) from care.undecidable() o where o.waits)
    from care.undecidable() u join directory.establishment e on e.id = u.establishment join registry.insurer n on n.id = u.insurer
    where which is null and u.waits or u.kind = of_kind and u.id = which and (u.waits or u.said)
    order by u.since, u.id limit least(at_most, 1000);
end $$;

-- office: one of the staff says that one is refused, for a written reason, in words that its place reads; with her own line of the
-- journal, written in this very transaction. 0 a second person must say the same, 1 it is refused, 2 it waits no more or may be
-- decided still, 3 she said it already. Nothing is due of it: what it quotes is free again, and its place may send it anew.
-- Of one that waits for whether two people are one (docs/adr/0140), she says that instead, at once: it is never refused, and `billing`
-- decides it as they say.
drop function if exists care.refuse_undecided(bigint, smallint, bigint, text, text, bigint);
create or replace function care.refuse_undecided(
    of_kind smallint, which bigint, of_reason smallint, by_staff bigint, by_name text, of_said text, of_entry bigint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    undecided_days constant integer := 10;
    reasons constant smallint[] := '{9,10,11,12}';
    rulings constant smallint[] := '{30,31}';
    of_invoice constant bigint := case of_kind when 22 then which end;
    of_agreement constant bigint := case of_kind when 25 then which end;
    one record;
    ruling boolean;
    written record;
begin
    perform gate.insist_durable();
    perform from care.invoice i where i.id = of_invoice for update;
    perform from care.agreement a where a.id = of_agreement for update;
    select u.establishment, u.why into one from care.undecidable() u
    where u.kind = of_kind and u.id = which and u.waits
      and (u.why = 5 or u.since <= now() - make_interval(days => undecided_days));
    if not found then
        return 2;
    end if;
    ruling := one.why = 5;
    if (of_reason = any (case when ruling then rulings else reasons end)) is not true then
        raise exception 'it is refused for a written reason' using errcode = 'check_violation';
    end if;
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> of_kind or get_byte(written.body, 2) <> (case when ruling then 105 else 104 end) or journal.u64(written.body, 16) <> by_staff
       or journal.u64(written.body, 24) <> one.establishment or journal.u64(written.body, 112) <> which then
        raise exception 'it is refused with the own line of whoever says so' using errcode = 'check_violation';
    end if;
    insert into care.refusal_word as w (invoice, agreement, staff, name, reason, said)
    values (of_invoice, of_agreement, by_staff, by_name, of_reason, of_said)
    on conflict (invoice, agreement, staff) do update set reason = excluded.reason, said = excluded.said, at = now()
        where (w.reason, w.said) is distinct from (excluded.reason, excluded.said);
    if not found then
        return 3;
    end if;
    if (select count(*) from care.refusal_word w where (w.invoice = of_invoice or w.agreement = of_agreement)
            and w.reason = of_reason and w.said = of_said) < 2 then
        return 0;
    end if;
    if ruling then
        update care.invoice set ruled = of_reason where id = of_invoice;
        return 1;
    end if;
    update care.invoice set state = 3, reason = of_reason, due = 0, decided = now(), refused_said = of_said where id = of_invoice;
    update care.invoice_line set due = 0 where invoice = of_invoice;
    update care.agreement set state = 4, reason = of_reason, due = 0, decided = now(), refused_said = of_said where id = of_agreement;
    update care.agreement_line set due = 0 where agreement = of_agreement;
    return 1;
end $$;

-- office: the invoices of the same place that may be of the same person as one that waits for that to be said: by the place's own
-- references, for it alone knows. Nobody covered, and nothing once it was said.
create or replace function care.alike_shown(of_invoice bigint)
    returns table (reference text, insurer text, asked integer, due integer, at timestamptz, state smallint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.reference, n.name, o.asked, o.due, o.at, o.state
    from care.invoice i cross join lateral care.alike_to(i.id) a(id)
    join care.invoice o on o.id = a.id join registry.insurer n on n.id = o.insurer
    where i.id = of_invoice and i.state = 1 and i.undecided = 5 and i.ruled is null
    order by o.at, o.id limit 20
$$;
