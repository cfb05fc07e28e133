-- Invoices taken in (billing/invoices, docs/adr/0096). `api` reads no table of them: whose they are is the live session's
-- own place, and what is told of an engagement is what that place was told when it asked. Nothing about the person.

-- Who a live session is: its place, its line. Nobody (no row) for one that ended, has chosen no activity, or acts under one that is
-- over: a substitute who was sent away has nothing of the place any more.
create or replace function care.bearer(of_session bigint)
    returns table (establishment bigint, professional bigint, line bigint, login bigint, device bigint, site smallint)
    language sql stable as $$
    select t.establishment, s.professional, s.line, s.login, s.device, s.site
    from access.session s join directory.activity t on t.id = s.activity
    where s.id = of_session and s.revoked is null and s.expires > now() and s.line is not null
      and t.active and gate.today() between t.from_day and t.until_day
$$;

-- Why nothing that quotes a number is taken from a live session now: 4 the nation, the site or the act is closed, 3 the account,
-- the device (or those that declared her a substitute) or the place is suspended, or what she asks for agreements through, for those
-- tell what somebody's product gives, 2 too many numbers that are not its place's were tried today; 0 nothing stands in the way.
create or replace function care.hindrance(of_session bigint, of_act integer) returns smallint
    language plpgsql stable as $$
declare
    missed_max constant integer := 20;
    who record;
    declared record;
begin
    select * into who from care.bearer(of_session);
    select u.login, u.device into declared from access.session s join directory.activity t on t.id = s.activity
    join directory.substitution u on u.id = t.substitution where s.id = of_session;
    return case
        when exists (select from access.ladder h where h.rung >= 4 and h.lifted is null and h.until > now()
                     and (h.level, h.subject) in ((9, 0), (10, who.site), (11, of_act))) then 4
        when exists (select from access.ladder h where h.rung >= 4 and h.lifted is null and h.until > now()
                     and (h.level, h.subject) in ((1, who.login), (2, who.device), (3, who.establishment), (1, declared.login),
                                                  (2, declared.device))) then 3
        when of_act = 250 and exists (
            select from access.session s join directory.activity t on t.id = s.activity
            join directory.establishment e on e.id = t.establishment join directory.software o on o.id = s.software
            join access.ladder h on h.rung >= 4 and h.lifted is null and h.until > now() and (h.level, h.subject) in (
                (4, t.profession), (5, s.software), (6, o.vendor), (7, directory.cell_of(e.finess, t.profession)))
            where s.id = of_session) then 3
        when coalesce((select m.n from care.invoice_missed m where m.line = who.line and m.day = gate.today()), 0) >= missed_max
            then 2
        else 0 end;
end $$;

-- Counts a number that is not the session's place's: mistyped, another's or nobody's.
create or replace function care.count_missed(of_session bigint) returns void language sql as $$
    insert into care.invoice_missed as m (line, day, n) select w.line, gate.today(), 1 from care.bearer(of_session) w
    on conflict (line, day) do update set n = m.n + 1
$$;

-- What a place sends is looked at one at a time, from its quoting until it is kept, and so is what a line mistypes: limits hold
-- whatever is sent at once.
create or replace function care.one_at_a_time(of_establishment bigint, of_line bigint) returns void language plpgsql as $$
begin
    perform gate.insist_current();
    perform pg_advisory_xact_lock(hashtextextended('tierce-quoted-at', of_establishment));
    perform pg_advisory_xact_lock(hashtextextended('tierce-quoted-by', of_line));
end $$;

-- The answer that a place was given about the very care of a deposit of its own that is not guaranteed: whoever asked was the one who
-- deposited, or is the one who invoices. What the receipt does not guarantee, that answer does (docs/adr/0119); null where none does.
create or replace function care.given_instead(of_session bigint, of_deposit bigint) returns bigint language sql stable as $$
    select e.seq from care.bearer(of_session) w
    join care.deposit d on d.number = of_deposit and d.establishment = w.establishment and d.state = 3
    join care.engagement e on e.professional in (d.professional, w.professional) and e.establishment = w.establishment
        and e.insurer = d.insurer and e.domain = d.domain and e.pair in (d.pair, d.card_pair)
        and d.care_day between e.care_day and e.until_day and e.until_day >= gate.today()
    order by e.seq desc limit 1
$$;

-- Whether what an invoice quotes is this place's own, and what it guarantees. One invoice of a place is looked
-- at at a time. `outcome`: 0 nothing of this place's has this number, 1 it is, 2 to 4 what care.hindrance says, 5 the reference
-- was used. The days are of the care; `sent_by` is the last on which it may be quoted; `most` in cents, null where an answer gives
-- no amount. An agreement is locked: it is not over, nor taken back, before the invoice is kept.
drop function if exists care.quote_invoice(bigint, text, bigint, bigint);   -- an earlier shape quoted no agreement
create or replace function care.quote_invoice(
    of_session bigint, of_reference text, of_engagement bigint, of_deposit bigint, of_agreement bigint)
    returns table (outcome smallint, domain smallint, first_day integer, last_day integer, sent_by integer, most integer,
                   guaranteed boolean, invoice bigint, digest bytea)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    who record;
    stopped smallint;
    receipt_days constant integer := 90;
begin
    select * into who from care.bearer(of_session);
    if not found then
        raise exception 'no live session has this number' using errcode = 'insufficient_privilege';
    end if;
    perform care.one_at_a_time(who.establishment, who.line);
    return query select 5::smallint, i.domain, 0, 0, 0, 0, true, i.id, i.digest
    from care.invoice i where i.establishment = who.establishment and i.reference = of_reference;
    if found then
        return;                                      -- the same again is answered whatever happened since
    end if;
    stopped := care.hindrance(of_session, 233);
    if stopped <> 0 then
        return query select stopped, null::smallint, 0, 0, 0, 0, false, null::bigint, null::bytea;
        return;
    end if;
    perform from care.agreement a where a.id = of_agreement and a.establishment = who.establishment for update;
    of_engagement := coalesce(of_engagement, care.given_instead(of_session, of_deposit));
    return query
    select 1::smallint, e.domain, e.care_day, e.until_day, e.until_day, null::integer, true, null::bigint, null::bytea
    from care.engagement e where e.seq = of_engagement and e.establishment = who.establishment
    union all
    select 1::smallint, d.domain, d.care_day, d.care_day,
           (d.received at time zone 'Europe/Paris')::date - date '1970-01-01' + receipt_days,
           d.amount - coalesce((select sum(i.asked) from care.invoice i
                                where i.deposit = d.number and i.state not in (3, 4)
                                  and not (i.state = 6 and care.recovered_whole(i.id))), 0)::integer,
           d.state = 2 and d.insurer is not null, null::bigint, null::bytea
    from care.deposit d where of_engagement is null and d.number = of_deposit and d.establishment = who.establishment
    union all
    select 1::smallint, a.domain, a.care_day, coalesce(care.last_day(a), a.care_day), coalesce(a.until_day, a.care_day), null::integer,
           a.state = 3 and not care.is_invoiced(a.id), null::bigint, null::bytea
    from care.agreement a where of_engagement is null and of_deposit is null
        and a.id = of_agreement and a.establishment = who.establishment;
    if not found then
        perform care.count_missed(of_session);
        return query select 0::smallint, null::smallint, 0, 0, 0, 0, false, null::bigint, null::bytea;
    end if;
end $$;

-- Whether an invoice that is neither refused nor taken back quotes this agreement.
create or replace function care.is_invoiced(of_agreement bigint) returns boolean language sql stable as $$
    select exists (select from care.invoice i where i.agreement = of_agreement and i.state not in (3, 4))
$$;

-- Whether an agreement holds these codes, each as often at least.
create or replace function care.holds(of_agreement bigint, items text[], quantities integer[]) returns boolean
    language sql stable as $$
    select not exists (
        select from (select l.item, sum(l.quantity) as n from unnest(items, quantities) l(item, quantity) group by 1) sent
        where sent.n > coalesce((select sum(g.quantity) from care.agreement_line g
                                 where g.agreement = of_agreement and g.item = sent.item), 0))
$$;

-- Keeps an invoice: of the session's own place, quoting what is that place's, with the sums of its lines, under the limits of a
-- day, and with its line of the journal, written in this very transaction. Returns when it was taken in.
drop function if exists care.keep_invoice(bigint, bigint, text, bigint, bigint, integer, text[], integer[], integer[], integer[],
    integer[], bytea, bigint);
create or replace function care.keep_invoice(
    of_session bigint, new_id bigint, of_reference text, of_engagement bigint, of_deposit bigint, of_agreement bigint,
    of_day integer, items text[], quantities integer[], prices integer[], amos integer[], askeds integer[], of_digest bytea,
    of_entry bigint)
    returns timestamptz language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who record;
    quoted record;
    written record;
    line_a_day constant integer := 1000;
    place_a_day constant integer := 4000;
    of_one_engagement constant integer := 200;
    total bigint := (select sum(p) from unnest(prices) p);
    stated bigint := (select sum(p) from unnest(amos) p);
    wanted bigint := (select sum(p) from unnest(askeds) p);
begin
    perform gate.insist_durable();
    select * into who from care.bearer(of_session);
    if not found then
        raise exception 'no live session has this number' using errcode = 'insufficient_privilege';
    end if;
    of_engagement := coalesce(of_engagement, care.given_instead(of_session, of_deposit));
    select * into quoted from care.quote_invoice(of_session, of_reference, of_engagement, of_deposit, of_agreement);
    if quoted.outcome <> 1 or not quoted.guaranteed or of_day not between quoted.first_day and quoted.last_day
       or of_day > gate.today() or gate.today() > quoted.sent_by or wanted > quoted.most
       or (of_engagement is null and of_deposit is null and not care.holds(of_agreement, items, quantities)) then
        raise exception 'what is quoted does not guarantee this invoice' using errcode = 'insufficient_privilege';
    end if;
    if (select count(*) from care.invoice i where i.establishment = who.establishment and i.at >= gate.day_start()) >= place_a_day
       or (select count(*) from care.invoice i where i.establishment = who.establishment and i.at >= gate.day_start()
           and i.line = who.line) >= line_a_day
       or (select count(*) from care.invoice i where i.engagement = of_engagement) >= of_one_engagement then
        raise exception 'too many invoices' using errcode = 'program_limit_exceeded';
    end if;
    select e.kind, e.body into written from journal.entry e
    where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned();
    if not found or written.kind <> 22 or get_byte(written.body, 2) <> 233 or journal.u64(written.body, 24) <> who.establishment
       or journal.u64(written.body, 16) <> who.professional or journal.u64(written.body, 80) <> 0
       or journal.u64(written.body, 112) <> new_id then
        raise exception 'an invoice is kept with its own line of the journal' using errcode = 'check_violation';
    end if;
    begin
        insert into care.invoice (id, establishment, professional, line, reference, engagement, deposit, agreement, person, insurer,
                                  domain, care_day, price, amo, asked, digest, entry)
        select new_id, who.establishment, who.professional, who.line, of_reference, of_engagement,
               case when of_engagement is null then of_deposit end,
               case when of_engagement is null and of_deposit is null then of_agreement end, q.person, q.insurer,
               q.domain, of_day, total, stated, wanted, of_digest, of_entry
        from (select e.person, e.insurer, e.domain from care.engagement e where e.seq = of_engagement
              union all
              select null, d.insurer, d.domain from care.deposit d where of_engagement is null and d.number = of_deposit
              union all
              select a.person, a.insurer, a.domain from care.agreement a
              where of_engagement is null and of_deposit is null and a.id = of_agreement) q;
        insert into care.invoice_line (invoice, n, item, quantity, price, amo, asked)
        select new_id, l.n, l.item, l.quantity, l.price, l.amo, l.asked
        from unnest(items, quantities, prices, amos, askeds) with ordinality l(item, quantity, price, amo, asked, n);
    exception when check_violation or not_null_violation then   -- its own error tells the whole row: of whom it is
        raise exception 'what is sent is no invoice' using errcode = 'check_violation';
    end;
    return now();
end $$;

-- The items of other invoices of this place about the same care, sent before one of its own and standing then: one row each.
-- The same engagement, receipt or agreement, the same day; never the same person by another number, which would tell who is one.
create or replace function care.beside_invoice(of_session bigint, of_invoice bigint)
    returns table (reference text, items text[], quantities integer[])
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select o.reference, array_agg(l.item order by l.n), array_agg(l.quantity::integer order by l.n)
    from care.bearer(of_session) w
    join care.invoice i on i.id = of_invoice and i.establishment = w.establishment
    join care.invoice o on (o.engagement = i.engagement or o.deposit = i.deposit or o.agreement = i.agreement)
        and o.care_day = i.care_day
        and o.establishment = w.establishment and o.id <> i.id and o.at < i.at
        and coalesce(o.cancelled, 'infinity') > i.at and (o.state <> 3 or o.decided > i.at)
    join care.invoice_line l on l.invoice = o.id
    group by o.id order by o.at, o.id
$$;

-- The session's own place's invoices, the newest first: nobody's identity, and no person's number. Of one, with `which`.
drop function if exists care.own_invoices(bigint, bigint, smallint, bigint, integer);   -- an earlier shape told nothing of the staff
create or replace function care.own_invoices(of_session bigint, which bigint, of_state smallint, after bigint, at_most integer)
    returns table (id bigint, reference text, engagement bigint, deposit bigint, agreement bigint, label text,
                   domain smallint, care_day integer, at timestamptz, state smallint, reason smallint, price integer, amo integer,
                   asked integer, due integer, decided timestamptz, cancelled timestamptz, cancelled_why text, transfer bigint,
                   said text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select i.id, i.reference, i.engagement, i.deposit, i.agreement, coalesce(e.label, d.label), i.domain, i.care_day, i.at,
           i.state, i.reason, i.price, i.amo, i.asked, i.due, i.decided, i.cancelled, i.cancelled_why, i.transfer,
           i.refused_said
    from care.bearer(of_session) w
    join care.invoice i on i.establishment = w.establishment
    left join care.agreement a on a.id = i.agreement
    left join care.engagement e on e.seq = coalesce(i.engagement, a.engagement)
    left join care.deposit d on d.number = i.deposit
    where (which is null or i.id = which) and (of_state is null or i.state = of_state)
      and (after is null or (i.at, i.id) < (select c.at, c.id from care.invoice c
                                            where c.id = after and c.establishment = w.establishment))
    order by i.at desc, i.id desc limit least(at_most, 101)
$$;

create or replace function care.own_invoice_lines(of_session bigint, of_invoice bigint)
    returns table (n smallint, item text, quantity smallint, price integer, amo integer, asked integer, due integer)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select l.n, l.item, l.quantity, l.price, l.amo, l.asked, l.due
    from care.bearer(of_session) w
    join care.invoice i on i.establishment = w.establishment and i.id = of_invoice
    join care.invoice_line l on l.invoice = i.id order by l.n
$$;

-- Takes an invoice of the session's own place back, while no transfer has it: 0 done, 1 it is another state's, 2 none of theirs.
-- The agreement that it quotes is given back (care.give_back).
create or replace function care.cancel_invoice(of_session bigint, of_invoice bigint, why text) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    select i.state, i.transfer into one from care.bearer(of_session) w
    join care.invoice i on i.establishment = w.establishment and i.id = of_invoice for update of i;
    if not found then
        return 2;
    end if;
    if one.state not in (1, 2, 7) or one.transfer is not null then
        return 1;
    end if;
    if (length(why) between 1 and 100) is not true then   -- before the row would: its error tells of whom it is
        raise exception 'an invoice is taken back for a reason' using errcode = 'check_violation';
    end if;
    perform care.give_back(of_invoice);
    update care.invoice set state = 4, cancelled = now(), cancelled_why = why where id = of_invoice;
    return 0;
end $$;

-- What an incident's list does not say (docs/adr/0096): how often invoices and agreements of a place were read under its criteria,
-- which names nobody, and how many pairs on the list had one there by the last of these readings: who read both could match them.
create or replace function incident.invoices_read(of_incident bigint, of_revision smallint)
    returns table (readings bigint, matched bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with asked as (
        select s.criteria as c, (s.criteria ->> 'from_us')::bigint as from_us, (s.criteria ->> 'until_us')::bigint as until_us
        from incident.scope s where s.incident = of_incident and s.revision = of_revision),
    named as materialized (                          -- the sessions that the criteria name, by whatever they name
        select s.id from asked a join access.session s
            on s.created < to_timestamp(a.until_us / 1e6) and s.expires >= to_timestamp(a.from_us / 1e6)
        left join directory.activity t on t.id = s.activity
        left join directory.software o on o.id = s.software
        where a.c -> 'professionals' @> to_jsonb(s.professional) or a.c -> 'devices' @> to_jsonb(s.device)
           or a.c -> 'sessions' @> to_jsonb(s.id) or a.c -> 'establishments' @> to_jsonb(t.establishment)
           or a.c -> 'software' @> to_jsonb(s.software) or a.c -> 'vendors' @> to_jsonb(o.vendor)
           or a.c -> 'networks' @> to_jsonb(encode(s.network, 'hex'))),
    read as (
        select journal.u64(e.body, 24) as place, count(*) as n, max(journal.u64(e.body, 8)) as last_us
        from asked a
        join journal.entry e on e.professional in (select s.professional from access.session s join named n on n.id = s.id)
        where (e.kind, get_byte(e.body, 2)) in ((22, 234), (22, 247), (25, 251))
          and journal.u64(e.body, 32) in (select n.id from named n)
          and journal.u64(e.body, 8) >= a.from_us and journal.u64(e.body, 8) < a.until_us
        group by 1)
    select coalesce((select sum(r.n) from read r), 0)::bigint,
           (select count(*) from incident.exposed x
            where x.incident = of_incident and x.revision = of_revision and exists (
                select from care.invoice i join read r on r.place = i.establishment
                where i.person = x.person and i.insurer = x.insurer
                  and extract(epoch from i.at) * 1000000 <= r.last_us
                union all
                select from care.agreement a join read r on r.place = a.establishment
                where a.person = x.person and a.insurer = x.insurer
                  and extract(epoch from a.at) * 1000000 <= r.last_us))
$$;
