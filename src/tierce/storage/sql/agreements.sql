-- Prior agreements (billing/agreements, docs/adr/0100): asked for by a live session's place, decided by process `billing`. As of
-- invoices, `api` reads no table of them and writes no decision, and a decision, an end or a taking back is made once.

-- Whether the engagement that an agreement quotes is this place's own, and from which day it would be priced. `outcome` as
-- care.quote_invoice says; `first_day` is the day of care that was asked about, or today where that has passed.
create or replace function care.quote_agreement(of_session bigint, of_reference text, of_engagement bigint)
    returns table (outcome smallint, domain smallint, first_day integer, sent_by integer, agreement bigint, digest bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    who record;
    stopped smallint;
begin
    select * into who from care.bearer(of_session);
    if not found then
        raise exception 'no live session has this number' using errcode = 'insufficient_privilege';
    end if;
    perform care.one_at_a_time(who.establishment, who.line);
    return query select 5::smallint, a.domain, a.care_day, 0, a.id, a.digest
    from care.agreement a where a.establishment = who.establishment and a.reference = of_reference;
    if found then
        return;                                      -- the same again is answered whatever happened since
    end if;
    stopped := care.hindrance(of_session, 250);
    if stopped <> 0 then
        return query select stopped, null::smallint, 0, 0, null::bigint, null::bytea;
        return;
    end if;
    return query
    select 1::smallint, e.domain, greatest(e.care_day, gate.today()), e.until_day, null::bigint, null::bytea
    from care.engagement e where e.seq = of_engagement and e.establishment = who.establishment;
    if not found then
        perform care.count_missed(of_session);
        return query select 0::smallint, null::smallint, 0, 0, null::bigint, null::bytea;
    end if;
end $$;

-- Keeps an agreement that is asked for: of the session's own place, quoting what is that place's, in a domain where there are any,
-- under the limits of a day and of an engagement, and with its line of the journal, written in this very transaction.
create or replace function care.keep_agreement(
    of_session bigint, new_id bigint, of_reference text, of_engagement bigint, of_kind smallint, items text[], quantities integer[],
    prices integer[], amos integer[], askeds integer[], of_digest bytea, of_entry bigint)
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who record;
    quoted record;
    agreed constant smallint[] := '{4,6,7,10}';
    lines_max constant integer := 20;
    line_a_day constant integer := 60;
    place_a_day constant integer := 240;
    of_one_engagement constant integer := 10;
begin
    perform gate.insist_durable();
    select * into who from care.bearer(of_session);
    if not found then
        raise exception 'no live session has this number' using errcode = 'insufficient_privilege';
    end if;
    select * into quoted from care.quote_agreement(of_session, of_reference, of_engagement);
    if quoted.outcome <> 1 or quoted.domain <> all (agreed) or gate.today() > quoted.sent_by
       or cardinality(items) > lines_max then
        raise exception 'what is quoted guarantees no agreement' using errcode = 'insufficient_privilege';
    end if;
    if (select count(*) from care.agreement a where a.establishment = who.establishment and a.at >= gate.day_start()) >= place_a_day
       or (select count(*) from care.agreement a where a.establishment = who.establishment and a.at >= gate.day_start()
           and a.line = who.line) >= line_a_day
       or (select count(*) from care.agreement a where a.engagement = of_engagement) >= of_one_engagement then
        raise exception 'too many agreements' using errcode = 'program_limit_exceeded';
    end if;
    perform care.insist_line(of_entry, 250, who.establishment, new_id, who.professional);
    begin
        insert into care.agreement (id, establishment, professional, line, reference, kind, engagement, person, insurer, domain,
                                    care_day, price, amo, asked, digest, entry)
        select new_id, who.establishment, who.professional, who.line, of_reference, of_kind, of_engagement, e.person, e.insurer,
               e.domain, quoted.first_day, (select sum(p) from unnest(prices) p), (select sum(p) from unnest(amos) p),
               (select sum(p) from unnest(askeds) p), of_digest, of_entry
        from care.engagement e where e.seq = of_engagement;
        insert into care.agreement_line (agreement, n, item, quantity, price, amo, asked)
        select new_id, l.n, l.item, l.quantity, l.price, l.amo, l.asked
        from unnest(items, quantities, prices, amos, askeds) with ordinality l(item, quantity, price, amo, asked, n);
    exception when check_violation or not_null_violation then   -- its own error tells the whole row: of whom it is
        raise exception 'what is sent asks for no agreement' using errcode = 'check_violation';
    end;
end $$;

-- The last day of care that a grant promises, as it is told: none after the end of its insurer's contract.
create or replace function care.last_day(a care.agreement) returns integer language sql stable as $$
    select case when a.state = 8 then null when a.state in (3, 9) then least(a.until_day, registry.contract_ended(a.insurer))
                else a.until_day end
$$;

-- The session's own place's agreements, the newest first: nobody's identity, and no person's number. Of one, with `which`. While one
-- is under review, what the rules give is not told: it is not promised. `documents_by`: while it is granted subject to documents.
drop function if exists care.own_agreements(bigint, bigint, smallint, bigint, integer);   -- an earlier shape told nothing of the staff
create or replace function care.own_agreements(of_session bigint, which bigint, of_state smallint, after bigint, at_most integer)
    returns table (id bigint, reference text, kind smallint, engagement bigint, label text, domain smallint, care_day integer,
                   until_day integer, at timestamptz, state smallint, reason smallint, price integer, amo integer, asked integer,
                   due integer, answer_by integer, documents_by integer, decided timestamptz, ended timestamptz, cancelled_why text,
                   invoice bigint, invoiced_as text, said text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, a.reference, a.kind, a.engagement, e.label, a.domain, a.care_day, care.last_day(a), a.at,
           a.state, a.reason, a.price, a.amo, a.asked, case when a.state <> 8 then a.due end,
           case when a.state = 8 then a.answer_by end, case when a.state = 9 then a.documents_by end, a.decided, a.ended,
           a.cancelled_why, i.id, i.reference, a.refused_said
    from care.bearer(of_session) w
    join care.agreement a on a.establishment = w.establishment
    left join care.engagement e on e.seq = a.engagement
    left join care.invoice i on i.agreement = a.id and i.state not in (3, 4)
    where (which is null or a.id = which) and (of_state is null or a.state = of_state)
      and (after is null or (a.at, a.id) < (select c.at, c.id from care.agreement c
                                            where c.id = after and c.establishment = w.establishment))
    order by a.at desc, a.id desc limit least(at_most, 101)
$$;

create or replace function care.own_agreement_lines(of_session bigint, of_agreement bigint)
    returns table (n smallint, item text, quantity smallint, price integer, amo integer, asked integer, due integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.n, l.item, l.quantity, l.price, l.amo, l.asked, case when a.state <> 8 then l.due end
    from care.bearer(of_session) w
    join care.agreement a on a.establishment = w.establishment and a.id = of_agreement
    join care.agreement_line l on l.agreement = a.id order by l.n
$$;

-- Takes an agreement of the session's own place back, while no invoice quotes it: 0 done, 1 too late, 2 none of theirs.
create or replace function care.cancel_agreement(of_session bigint, of_agreement bigint, why text) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    select a.state into one from care.bearer(of_session) w
    join care.agreement a on a.establishment = w.establishment and a.id = of_agreement for update of a;
    if not found then
        return 2;
    end if;
    if one.state not in (1, 2, 3, 8, 9) or care.is_invoiced(of_agreement) then
        return 1;
    end if;
    if (length(why) between 1 and 100) is not true then   -- before the row would: its error tells of whom it is
        raise exception 'an agreement is taken back for a reason' using errcode = 'check_violation';
    end if;
    update care.agreement set state = 7, ended = now(), cancelled_why = why where id = of_agreement;
    return 0;
end $$;

-- Whether a transfer of this invoice was ever ordered, whatever became of it: what it left of its agreement went to others then.
create or replace function care.was_ordered(of_invoice bigint) returns boolean language sql stable as $$
    select exists (select from bank.paid_invoice p join bank.transfer t on t.id = p.transfer join bank.batch b on b.id = t.batch
                   where p.invoice = of_invoice and b.approved is not null)
$$;

-- Gives back the agreement that an accepted invoice had used up, as that one is taken back. Once its transfer was ordered, what it
-- left of the agreement went to others (care.reserved): such an agreement stays over.
create or replace function care.give_back(of_invoice bigint) returns void language sql as $$
    update care.agreement a set state = case when i.free then 3 else 6 end, ended = case when i.free then null else now() end
    from (select v.id, v.agreement, v.state = 2 and g.until_day >= gate.today() and not care.was_ordered(v.id) as free
          from care.invoice v join care.agreement g on g.id = v.agreement) i where i.id = of_invoice and a.id = i.agreement and a.state = 5
$$;

-- What process `billing` may know and do -------------------------------------------------------------------------------

-- Locks an agreement that waits until the transaction ends.
create or replace function care.take_up_agreement(of_agreement bigint)
    returns table (establishment bigint, person bigint, insurer smallint, domain smallint, kind smallint, care_day integer)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select a.establishment, a.person, a.insurer, a.domain, a.kind, a.care_day
    from care.agreement a where a.id = of_agreement and a.state = 1 for update
$$;

-- The one period of cover by which an agreement that waits is priced, and whether it is open for that care: what the insurer
-- answered with the engagement that it quotes, where it was asked on the way; else the period that is, or the last that had begun
-- by then. Nothing once it is decided.
create or replace function care.cover_of_agreement(of_agreement bigint)
    returns table (person bigint, insurer smallint, sealed bytea, is_open boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.person, w.insurer, w.sealed, a.care_day between w.from_day and w.until_day
    from care.agreement a join coverage.answered w on w.seq = a.engagement
    where a.id = of_agreement and a.state = 1
    union all (
        select v.person, v.insurer, v.sealed, o.is_open
        from care.agreement a join coverage.coverage v on v.person = a.person and v.insurer = a.insurer
        cross join lateral (
            select a.care_day between v.from_day and v.until_day and v.domains & (1 << (a.domain - 1)) <> 0) o(is_open)
        where a.id = of_agreement and a.state = 1
          and not exists (select from coverage.answered w where w.seq = a.engagement)
        order by o.is_open desc, v.from_day <= a.care_day desc, v.from_day desc limit 1)
$$;

-- What is granted to a person and not invoiced, subject to documents or not, or under review, each with the days on which it may be. An invoice that was accepted has taken its
-- part; what it left is reserved until its transfer is ordered, for it may be taken back until then, and give all of it back.
create or replace function care.reserved(of_person bigint, of_insurer smallint, of_domain smallint)
    returns table (agreement bigint, item text, from_day integer, until_day integer, quantity integer, due integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.id, g.item, a.care_day, a.until_day, (g.quantity - coalesce(used.quantity, 0))::integer,
           (g.due - coalesce(used.due, 0))::integer
    from care.agreement a
    left join care.invoice i on i.agreement = a.id and i.state not in (3, 4)
    cross join lateral (select l.item, sum(l.quantity) as quantity, sum(l.due) as due from care.agreement_line l
                        where l.agreement = a.id group by 1) g
    left join lateral (select sum(l.quantity) as quantity, sum(l.due) as due from care.invoice_line l
                       where l.invoice = i.id and i.state = 2 and l.item = g.item) used on true
    where a.person = of_person and a.insurer = of_insurer and a.domain = of_domain
      and (a.state = 3 and (a.until_day >= gate.today() or i.state = 1)
           or a.state = 8 and a.answer_by >= gate.today()
           or a.state = 9 and a.documents_by >= gate.today()
           or a.state = 5 and a.until_day >= gate.today() and i.state = 2 and not care.was_ordered(i.id))
      and g.due > coalesce(used.due, 0)
$$;

-- The last day on which documents may be declared for what is granted subject to them today.
create or replace function care.declare_by() returns integer language sql stable as $$ select gate.today() + 30 $$;

-- Keeps what was decided of an agreement that waits: quoted (2), granted (3) until a day, refused (4), left to a person of the
-- insurer (8), who may grant no more than this, or granted subject to documents (9), by so much for each of its lines, with its own
-- line of the journal, written in this very transaction.
drop function if exists care.decide_agreement(bigint, smallint, smallint, bigint, integer[], integer, bigint);
create or replace function care.decide_agreement(
    of_agreement bigint, of_state smallint, of_reason smallint, of_edition bigint, dues integer[], until integer,
    of_documents smallint, of_entry bigint)
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
    grant_days constant integer := 183;
    review_days constant integer := 10;
    total constant bigint := (select sum(d) from unnest(dues) d);
begin
    perform gate.insist_durable();
    select a.establishment, a.kind, a.care_day,
           (select count(*) from care.agreement_line l where l.agreement = a.id) as lines into one
    from care.agreement a where a.id = of_agreement and a.state = 1 for update;
    if not found then
        raise exception 'no agreement of this number waits' using errcode = 'insufficient_privilege';
    end if;
    if of_state <> all (case one.kind when 2 then '{3,4,8,9}' else '{2,4}' end::smallint[])
       or of_documents is null or (of_state in (3, 4) and of_documents <> 0) or (of_state = 9 and of_documents = 0)
       or cardinality(dues) is distinct from one.lines or array_position(dues, null) is not null
       or (of_state = 4) = (total > 0)
       or (of_state = 4 and of_reason = 0) or (of_state in (3, 8, 9)) <> (until is not null)
       or until not between one.care_day and greatest(one.care_day, gate.today()) + grant_days then
        raise exception 'an agreement is quoted or granted by its lines, or refused for a reason' using errcode = 'check_violation';
    end if;
    perform care.insist_line(of_entry, 253, one.establishment, of_agreement);
    update care.agreement set state = of_state, reason = of_reason, due = total, edition = of_edition, until_day = until,
        decided = case when of_state <> 8 then now() end, answer_by = case when of_state = 8 then gate.today() + review_days end,
        documents = of_documents, documents_by = case when of_state = 9 then care.declare_by() end
    where id = of_agreement;
    update care.agreement_line l set due = d.due from unnest(dues) with ordinality d(due, n)
    where l.agreement = of_agreement and l.n = d.n;
end $$;

-- Ends an agreement whose last day has passed, and of which no invoice waits, or the last on which its documents could be declared:
-- what it reserved was free since midnight. So one whose care would begin after the end of its insurer's contract: nothing is paid of it.
create or replace function care.end_agreement(of_agreement bigint, of_entry bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    perform gate.insist_durable();
    select a.establishment, coalesce(registry.contract_ended(a.insurer) < a.care_day, false) as gone into one from care.agreement a
    where a.id = of_agreement
      and (a.state = 3 and a.until_day < gate.today() or a.state = 9 and a.documents_by < gate.today()
           or a.state in (3, 9) and registry.contract_ended(a.insurer) < a.care_day) for update;
    if not found or care.is_invoiced(of_agreement) then
        raise exception 'no agreement of this number is over' using errcode = 'insufficient_privilege';
    end if;
    perform care.insist_line(of_entry, 254, one.establishment, of_agreement);
    update care.agreement set state = 6, ended = now(), reason = case when one.gone then 8 when state = 9 then 28 else reason end where id = of_agreement;
end $$;

-- That a line of the journal of this very transaction is about this agreement, and names nobody.
create or replace function care.insist_line(of_entry bigint, of_act integer, of_establishment bigint, of_agreement bigint,
                                            by_whom bigint default null)
    returns void language plpgsql as $$
declare
    written record;
begin
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> 25 or get_byte(written.body, 2) <> of_act
       or journal.u64(written.body, 24) <> of_establishment or journal.u64(written.body, 80) <> 0
       or journal.u64(written.body, 112) <> of_agreement or journal.u64(written.body, 16) <> by_whom then
        raise exception 'an agreement is written with its own line of the journal' using errcode = 'check_violation';
    end if;
end $$;
