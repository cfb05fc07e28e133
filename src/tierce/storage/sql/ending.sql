-- The end of an insurer's contract (GDPR, article 28(3)(g)): no more files, then, a month later, when nothing needs them any
-- more, its copies of people, their cover and the keys that opened them. `tierce contract` does it, as tierce_upkeep; what
-- refuses is here: a stolen credential of that role ends nobody's cover, which is tierce_feed's to do, and deletes nothing
-- that the rest of the month, an incident or a promise of payment still needs.

-- No file of rights begins while the contract is ended.
create or replace function registry.refuse_ended() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if new.kind = 'rights' and exists (
            select from registry.ending e where e.insurer = new.insurer and e.resumed is null) then
        raise exception 'the contract of this insurer has ended' using errcode = 'check_violation';
    end if;
    return new;
end $$;
drop trigger if exists feed_of_ended on registry.feed;
create trigger feed_of_ended before insert on registry.feed for each row execute function registry.refuse_ended();

-- Whether somebody is covered by this insurer today or later: read once, for it has no index.
create or replace function registry.still_covers(of_insurer smallint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from coverage.coverage c where c.insurer = of_insurer and c.until_day >= gate.today())
$$;

create or replace function registry.end_contract(of_insurer smallint, by_whom text, reason text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from registry.feed f where f.insurer = of_insurer and f.state = 'running') then
        raise exception 'a file of this insurer is not taken in to its end' using errcode = 'check_violation';
    end if;
    insert into registry.ending (insurer, ended_by, why) values (of_insurer, by_whom, reason);
end $$;

-- Takes an end back, or begins a new contract once all was deleted; not in between. False when none has ended.
create or replace function registry.resume_contract(of_insurer smallint, by_whom text, reason text) returns boolean
    language plpgsql strict security definer set search_path = pg_catalog, pg_temp as $$
begin
    update registry.ending e set resumed = now(), resumed_by = by_whom, resumed_why = reason
    where e.insurer = of_insurer and e.resumed is null and (e.deleting is null) = (e.deleted is null);
    return found;
end $$;

-- The day on which an insurer's contract with the operator ended; null while it goes on.
create or replace function registry.contract_ended(of_insurer smallint) returns integer
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (e.ended at time zone 'Europe/Paris')::date - date '1970-01-01'
    from registry.ending e where e.insurer = of_insurer and e.resumed is null
$$;

-- The same of all that ended.
create or replace function registry.contracts_ended() returns table (insurer smallint, day integer)
    language sql stable security definer rows 4 set search_path = pg_catalog, pg_temp as $$
    select e.insurer, (e.ended at time zone 'Europe/Paris')::date - date '1970-01-01'
    from registry.ending e where e.resumed is null
$$;

-- What stands in the way of the deletion, and how much of it: nothing, when it may begin.
create or replace function registry.ending_obstacles(of_insurer smallint) returns table (what text, number bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select o.what, o.number from (
        select 'days', (select greatest(0, ceil(extract(epoch from e.ended - now()) / 86400 + k.days))::bigint
                        from registry.ending e, upkeep.keep k
                        where e.insurer = of_insurer and e.resumed is null and k.class = 71)
        union all
        select 'covered', registry.still_covers(of_insurer)::integer::bigint
        union all                                    -- a number already told may still be quoted on an invoice
        select 'engagements', (select count(*) from care.engagement g
                               where g.until_day >= gate.today() and g.insurer = of_insurer)
        union all                                    -- whom an incident on record lists, or may still list
        select 'incidents', (select count(*) from incident.incident i where upkeep.hold_lasts(i.id) and (
            not exists (select from incident.register r where r.incident = i.id and r.kind = 11)
            or exists (select from incident.exposed x where x.incident = i.id and x.insurer = of_insurer)
            or exists (select from incident.possible x where x.incident = i.id and x.insurer = of_insurer)))
        union all
        select 'loans', (select count(*) from contact.loan l where l.insurer = of_insurer and l.forgotten_at is null)
        union all
        select 'requests', (select count(*) from notice.rights_request r
                            where r.answered is null and of_insurer = any(r.insurers))
        union all                                    -- of whom a deposit is, is known once it is resolved
        select 'deposits', (select count(*) from care.deposit d where d.state = 1)
        union all                                    -- what is to be decided, to be paid, or ordered and not paid yet
        select 'invoices', (select count(*) from care.invoice i where i.insurer = of_insurer and i.state in (1, 2, 5, 7))
        union all                                    -- what is to be decided, or under review, or is granted and may be invoiced
        select 'agreements', (select count(*) from care.agreement a where a.insurer = of_insurer and a.state in (1, 3, 8, 9))
        union all                                    -- what two may take of a place still, or what is to be given back to one
        select 'recoveries', (select count(*) from bank.recovery r where r.insurer = of_insurer
                              and case when r.approved is null then r.cancelled is null
                                       else r.cancelled is null and r.due > now() and bank.stands(r.id) or bank.rest_of(r.id) <> 0 end)
        union all
        select 'files', (select count(*) from registry.feed f where f.state = 'running')) o(what, number)
    where o.number is distinct from 0;               -- null: no contract of this insurer has ended
end $$;

-- Begins the deletion, which is then not taken back; again, when it was begun.
create or replace function registry.begin_deletion(of_insurer smallint) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from registry.ending_obstacles(of_insurer)) then
        raise exception 'something still needs what this insurer had stored' using errcode = 'check_violation';
    end if;
    update registry.ending e set deleting = coalesce(e.deleting, now()) where e.insurer = of_insurer and e.resumed is null;
end $$;

-- Deletes the insurer's copies in the next lot of people behind `behind`, and their cover; `upto` is where it ends, null once
-- the last was reached. Whoever has another insurer's copy keeps that one.
create or replace function registry.delete_ended(of_insurer smallint, behind bigint, out removed bigint, out upto bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    stretch constant integer := 100000;
    people_at_once constant integer := 50000;        -- the tables of their keys are read whole for each lot
    people bigint[] := '{}';
    more bigint[];
    seen bigint;
    gone bigint;
begin
    perform from registry.ending e
    where e.insurer = of_insurer and e.resumed is null and e.deleting is not null and e.deleted is null for update;
    if not found then
        raise exception 'no deletion was begun' using errcode = 'check_violation';
    end if;
    -- Of an insurer that kept its people itself, whom it was asked about; the same lot again, until none is left.
    with asked as (
        delete from person.asked a where (a.insurer, a.idx) in (
            select n.insurer, n.idx from person.asked n where n.insurer = of_insurer limit people_at_once)
        returning a.person),
    cover as (delete from coverage.coverage c using asked a where c.person = a.person and c.insurer = of_insurer returning 1),
    answers as (delete from coverage.answered w using asked a where w.person = a.person and w.insurer = of_insurer returning 1)
    select (select count(*) from asked), (select count(*) from cover) + (select count(*) from answers) into removed, gone;
    if removed > 0 then
        update registry.ending e set people = e.people + removed, periods = e.periods + gone
        where e.insurer = of_insurer and e.resumed is null;
        upto := behind;
        return;
    end if;
    upto := behind;
    loop
        select max(r.person), count(*), coalesce(array_agg(r.person) filter (where r.insurer = of_insurer), '{}')
        into behind, seen, more
        from (select person, insurer from person.record where person > upto order by person limit stretch) r;
        people := people || more;
        -- The last one's other copies may be behind the end of the stretch: she is looked at again.
        upto := case when seen = stretch then behind - 1 end;
        exit when upto is null or cardinality(people) >= people_at_once;
    end loop;
    people := array(select distinct p from unnest(people) p);
    delete from coverage.coverage c using unnest(people) p where c.person = p and c.insurer = of_insurer;
    get diagnostics gone = row_count;
    removed := upkeep.forget_people(people, array_fill(of_insurer, array[cardinality(people)]));
    update registry.ending e set people = e.people + removed, periods = e.periods + gone
    where e.insurer = of_insurer and e.resumed is null;
end $$;

-- Ends it: looks that nothing is left, takes away what was the contract's alone, destroys the keys. What is counted, and what
-- the journal and the incidents say of the insurer, stays.
create or replace function registry.finish_deletion(of_insurer smallint, out people bigint, out periods bigint,
    out keys smallint[], out ended timestamptz)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from registry.ending e
    where e.insurer = of_insurer and e.resumed is null and e.deleting is not null and e.deleted is null for update;
    if not found then
        raise exception 'no deletion was begun' using errcode = 'check_violation';
    end if;
    if exists (select from person.record r where r.insurer = of_insurer)
       or exists (select from person.asked a where a.insurer = of_insurer)
       or exists (select from coverage.coverage c where c.insurer = of_insurer)
       or exists (select from coverage.answered w where w.insurer = of_insurer) then
        raise exception 'records of this insurer are left' using errcode = 'check_violation';
    end if;
    delete from person.member m where m.insurer = of_insurer;
    delete from person.family f where f.insurer = of_insurer;
    delete from person.former_key k where k.insurer = of_insurer;
    delete from registry.convention o where o.insurer = of_insurer;
    delete from registry.deposit_choice d where d.insurer = of_insurer;
    delete from registry.printed p where p.insurer = of_insurer;
    update registry.remote r set ended = now(), ended_by = 'tierce', ended_why = 'contract ended'
    where r.insurer = of_insurer and r.ended is null;
    delete from registry.door d where d.insurer = of_insurer;
    update access.insurer_session s set revoked = now() where s.insurer = of_insurer and s.revoked is null;
    update presence.signer s set revoked = now(), revoked_why = 'contract ended'
    where s.insurer = of_insurer and s.revoked is null;
    with gone as (delete from registry.insurer_key k where k.insurer = of_insurer returning k.version)
    select coalesce(array_agg(distinct g.version), '{}') into keys from gone g;
    update registry.ending e set deleted = now(), last_version = (select max(v) from unnest(keys) v)
    where e.insurer = of_insurer and e.resumed is null returning e.people, e.periods, e.ended into people, periods, ended;
end $$;

-- Keeps the certificate of a deletion, once.
create or replace function registry.keep_certificate(of_insurer smallint, said text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update registry.ending e set certificate = said
    where e.insurer = of_insurer and e.resumed is null and e.deleted is not null and e.certificate is null;
    if not found then
        raise exception 'nothing was deleted, or its certificate is kept' using errcode = 'check_violation';
    end if;
end $$;
