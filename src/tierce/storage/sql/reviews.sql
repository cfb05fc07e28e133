-- Requests that an insurer's benefits leave to one of its people (insurers/reviews, docs/adr/0122): read and decided through the
-- handle of a session of that insurer's, each reading after its committed line (act 94), each decision with its own (act 95).
-- Nobody covered, and no professional, is told of here. What is granted is within what the rules gave, which is reserved.

-- Whether what would be read or decided is closed: the nation, the insurers' site, the asking for agreements, this insurer or domain.
create or replace function care.reviews_closed(of_insurer smallint, of_domain smallint) returns boolean
    language sql stable as $$
    select exists (select from access.ladder h where h.rung >= 4 and h.lifted is null and h.until > now()
                   and (h.level, h.subject) in ((9, 0), (10, 5), (11, 250), (8, of_insurer), (12, of_domain)))
$$;

-- Whether nobody may grant a request now: whoever asked, or what she asked through, is held (care.asker_held), or the insurer has left
-- before the care. It may be refused all the same.
create or replace function care.ungrantable(of_agreement bigint) returns boolean language sql stable as $$
    select coalesce(registry.contract_ended(a.insurer) < a.care_day, false) or care.asker_held(a.id)
    from care.agreement a where a.id = of_agreement
$$;

-- What waits for the insurer's own people, the oldest first: which, not what. `waiting` is how many there are in all.
create or replace function care.own_reviews(session_handle bytea, of_line bigint, after bigint, at_most integer)
    returns table (id bigint, domain smallint, at timestamptz, answer_by integer, closed boolean, waiting bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    own smallint := access.journalled_insurer(session_handle, of_line, 94);
begin
    return query
    select a.id, a.domain, a.at, a.answer_by, care.reviews_closed(a.insurer, a.domain),
           (select count(*) from care.agreement w where w.insurer = own and w.state = 8 and w.answer_by >= gate.today())
    from care.agreement a
    where a.insurer = own and a.state = 8 and a.answer_by >= gate.today()
      and (after is null or (a.at, a.id) > (select c.at, c.id from care.agreement c where c.id = after and c.insurer = own))
    order by a.at, a.id limit least(at_most, 101);
end $$;

-- One of them, once it is counted for her who reads it. `outcome`: 0 there is none, 1 it is, 2 closed, 3 the day's are used up.
-- The place is told by its number and by the profession that asked; nobody is named.
drop function if exists care.own_review(bytea, bigint, bigint);   -- an earlier shape knew no documents
create or replace function care.own_review(session_handle bytea, of_line bigint, of_agreement bigint)
    returns table (outcome smallint, domain smallint, at timestamptz, care_day integer, until_day integer, answer_by integer,
                   finess text, profession smallint, grantable boolean, documents smallint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    own smallint := access.journalled_insurer(session_handle, of_line, 94);
    who record := access.insurer_staff(session_handle);
    one record;
    staff_a_day constant integer := 60;
    insurer_a_day constant integer := 400;
    counted boolean;
begin
    if not exists (select from journal.entry e where e.seq = of_line and journal.u64(e.body, 112) = of_agreement) then
        raise exception 'no committed line says which one is read' using errcode = 'insufficient_privilege';
    end if;
    -- Sixty in all, and not sixty for each who asks at one moment.
    perform gate.insist_current();
    perform pg_advisory_xact_lock(hashtextextended('tierce-reviews', own));
    select a.domain, care.reviews_closed(a.insurer, a.domain) as closed into one from care.agreement a
    where a.id = of_agreement and a.insurer = own and a.state = 8 and a.answer_by >= gate.today();
    if not found or one.closed then
        return query select case when one.closed then 2 else 0 end::smallint, null::smallint, null::timestamptz, null::integer,
            null::integer, null::integer, null::text, null::smallint, null::boolean, null::smallint;
        return;
    end if;
    counted := exists (select from care.review_read r where (r.insurer, r.day, r.staff, r.agreement)
                       = (own, gate.today(), who.staff, of_agreement));
    if not counted and ((select count(*) from care.review_read r where (r.insurer, r.day, r.staff) = (own, gate.today(), who.staff))
                        >= staff_a_day
                        or (select count(*) from care.review_read r where (r.insurer, r.day) = (own, gate.today())) >= insurer_a_day) then
        return query select 3::smallint, null::smallint, null::timestamptz, null::integer, null::integer, null::integer, null::text,
            null::smallint, null::boolean, null::smallint;
        return;
    end if;
    insert into care.review_read (insurer, day, staff, agreement) values (own, gate.today(), who.staff, of_agreement)
    on conflict do nothing;
    return query
    select 1::smallint, a.domain, a.at, a.care_day, a.until_day, a.answer_by, e.finess, l.profession, not care.ungrantable(a.id),
           a.documents
    from care.agreement a join directory.establishment e on e.id = a.establishment left join access.line l on l.id = a.line
    where a.id = of_agreement;
end $$;

-- The lines of one that she read today; `due` is what the rules give, and the most that she may grant.
create or replace function care.own_review_lines(session_handle bytea, of_agreement bigint)
    returns table (n smallint, item text, quantity smallint, price integer, amo integer, asked integer, due integer, label_fr text,
                   label_en text)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    own record := access.live_insurer(session_handle);
    who record := access.insurer_staff(session_handle);
begin
    return query
    select l.n, l.item, l.quantity, l.price, l.amo, l.asked, l.due, t.label_fr, t.label_en
    from care.review_read r
    join care.agreement a on a.id = r.agreement and a.insurer = own.insurer and a.state = 8 and a.answer_by >= gate.today()
    join care.agreement_line l on l.agreement = a.id
    left join lateral (select f.label_fr, f.label_en from registry.tariff f where f.item = l.item and f.from_day <= a.care_day
                       order by f.from_day desc, f.id desc limit 1) t on true
    where r.agreement = of_agreement and (r.insurer, r.day, r.staff) = (own.insurer, gate.today(), who.staff)
      and not care.reviews_closed(a.insurer, a.domain)
    order by l.n;
end $$;

-- Keeps what a person of the insurer decided: granted by so much for each line, no more than the rules gave, or refused; for one of
-- the written reasons where it is less; subject to the documents that the benefits ask for, if any. With its own line of the journal, written in this very transaction. 0 kept, 1 it waits no more,
-- 2 it may not be granted now, 3 closed, 4 she did not read it today.
create or replace function care.decide_review(
    session_handle bytea, of_agreement bigint, dues integer[], of_reason smallint, of_entry bigint)
    returns smallint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own record := access.live_insurer(session_handle);
    who record := access.insurer_staff(session_handle);
    one record;
    given integer[];
    total constant bigint := (select sum(d) from unnest(dues) d);
    reasons constant smallint[] := '{23,24,25,26,27}';
begin
    perform gate.insist_durable();
    select a.domain, a.asked, a.due into one from care.agreement a
    where a.id = of_agreement and a.insurer = own.insurer and a.state = 8 and a.answer_by >= gate.today() for update;
    if not found then
        return 1;
    end if;
    if care.reviews_closed(own.insurer, one.domain) then
        return 3;
    end if;
    if not exists (select from care.review_read r
                   where (r.insurer, r.day, r.staff, r.agreement) = (own.insurer, gate.today(), who.staff, of_agreement)) then
        return 4;
    end if;
    if total > 0 and care.ungrantable(of_agreement) then
        return 2;
    end if;
    given := array(select l.due from care.agreement_line l where l.agreement = of_agreement order by l.n);
    if cardinality(dues) is distinct from cardinality(given) or array_position(dues, null) is not null
       or exists (select from unnest(dues, given) d(new, most) where not d.new between 0 and d.most)
       or ((total < one.due) = (of_reason <> 0)) is not true or of_reason <> 0 and of_reason <> all (reasons) then
        raise exception 'a review grants what the rules gave, or less for a written reason' using errcode = 'check_violation';
    end if;
    if not exists (
        select from journal.entry e
        where e.seq = of_entry and e.tx = pg_current_xact_id_if_assigned() and e.kind = 16 and get_byte(e.body, 2) = 95
          and journal.u64(e.body, 32) = own.session and journal.u16(e.body, 60) = own.insurer
          and journal.u64(e.body, 80) = 0 and journal.u64(e.body, 112) = of_agreement) then
        raise exception 'a review is decided with its own line of the journal' using errcode = 'check_violation';
    end if;
    update care.agreement a set state = case when total = 0 then 4 when a.documents <> 0 then 9 else 3 end, due = total, decided = now(),
        documents_by = case when total > 0 and a.documents <> 0 then care.declare_by() end,
        until_day = case when total > 0 then a.until_day end,
        reason = case when of_reason <> 0 then of_reason when total < a.asked then 6 else 0 end
    where a.id = of_agreement;
    update care.agreement_line l set due = d.due from unnest(dues) with ordinality d(due, n)
    where l.agreement = of_agreement and l.n = d.n;
    return 0;
end $$;

-- Refuses a request that nobody answered in time, or that nobody may grant any more since the insurer has left: process `billing`.
create or replace function care.refuse_unanswered(of_agreement bigint, of_entry bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    perform gate.insist_durable();
    select a.establishment, a.answer_by >= gate.today() as in_time, coalesce(registry.contract_ended(a.insurer) < a.care_day, false) as
        gone into one
    from care.agreement a where a.id = of_agreement and a.state = 8 for update;
    if not found or one.in_time and not one.gone then
        raise exception 'no request of this number is without an answer' using errcode = 'insufficient_privilege';
    end if;
    perform care.insist_line(of_entry, 253, one.establishment, of_agreement);
    update care.agreement set state = 4, reason = case when one.gone then 8 else 22 end, due = 0, decided = now(), until_day = null
    where id = of_agreement;
    update care.agreement_line set due = 0 where agreement = of_agreement;
end $$;
