-- What was set aside of messages (docs/adr/0130): by which road, under which number, why, since when; nobody is named. A road is
-- `insurer` (a notice), `professional` (what is done in her name), `person` (a first look-up), `message` (of an incident).

-- An insurer's newest notice of an incident, or test, that left to nobody: it has no contact, or each try at its last was in vain.
create or replace function notice.aside_insurers(tries_max integer)
    returns table (number text, why text, code text, since timestamptz, incident bigint, insurer smallint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select 'insurer-' || to_hex(w.id), case when w.contact is null then 'unaddressed' when w.failed = 'unwritten' then 'unwritten'
               when w.failed like 'returned%' then 'returned' else 'refused' end,
           coalesce(w.failed, ''), w.due_at, w.incident, w.insurer
    from (select distinct on (o.incident, o.insurer) o.* from notice.warning o
          order by o.incident, o.insurer, o.revision desc, o.step desc) w
    where w.settled is null and w.sent_at is null and (w.contact is null or w.tries >= tries_max)
      and not exists (select from notice.warning o where (o.incident, o.revision, o.insurer) = (w.incident, w.revision, w.insurer)
                      and o.sent_at is not null)
      and not exists (select from notice.acknowledgement a
                      where (a.incident, a.revision, a.insurer) = (w.incident, w.revision, w.insurer))
      and not exists (select from incident.incident i where i.id = w.incident and i.dismissed_at is not null)
$$;

-- Items of an incident's newest audience that no sending is about to try: set aside, or in doubt for an hour.
create or replace function notice.aside_items(at_most integer)
    returns table (audience bigint, item integer, state smallint, incident bigint, insurer smallint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select n.audience, n.number, n.state, a.incident, n.insurer
    from (select distinct on (f.incident) f.id, f.incident from notice.audience f order by f.incident, f.frozen_at desc) a
    join incident.incident i on i.id = a.incident and i.dismissed_at is null
    join notice.item n on n.audience = a.id
    where n.state in (8, 9, 10) or n.state = 2 and not exists (
        select from notice.step s where s.audience = n.audience and s.item = n.number and s.at > now() - interval '1 hour')
    limit at_most
$$;

-- Whoever asked for it and was not told: her wish lives, so that she reads nothing of it.
create or replace function notice.aside_mails()
    returns table (road text, number text, why text, code text, since timestamptz, professional bigint, what smallint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select 'professional', 'professional-' || encode(m.token, 'hex'), m.how, coalesce(m.code, ''), m.ended, m.professional, m.what
    from notice.own_mail m
    where m.settled is null and m.how in ('refused', 'doubtful', 'unaddressed', 'unwritten', 'returned')
    union all
    select 'person', 'person-' || encode(l.token, 'hex'), l.how, l.code, l.ended, null, null
    from notice.first_look l join notice.wish w on w.id = l.wish and w.ended is null
    where l.settled is null and l.how in ('refused', 'doubtful', 'unwritten', 'returned')
$$;

-- The oldest first, behind one that was read; `professional` is for the office's page alone, which leads to the account.
create or replace function notice.aside(tries_max integer, at_most integer, after timestamptz, after_number text)
    returns table (road text, number text, why text, code text, since timestamptz, incident bigint, insurer smallint,
                   professional bigint, what smallint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select * from (
        select 'insurer' as road, w.number, w.why, w.code, w.since, nullif(w.incident, 0), w.insurer, null::bigint, null::smallint
        from notice.aside_insurers(tries_max) w
        union all
        select m.road, m.number, m.why, m.code, m.since, null, null, m.professional, m.what from notice.aside_mails() m
        union all
        select 'message', 'message-' || n.audience || '-' || n.item,
               case n.state when 2 then 'doubtful' when 10 then 'changed' else 'unwritten' end, '',
               coalesce((select max(s.at) from notice.step s where s.audience = n.audience and s.item = n.item), a.frozen_at),
               n.incident, n.insurer, null, null
        from notice.aside_items(10000) n join notice.audience a on a.id = n.audience) found
    where after is null or (found.since, found.number) > (after, after_number)
    order by found.since, found.number limit at_most
$$;

-- How many by road and reason, and since when the oldest; of an incident's messages 10,000 are counted.
create or replace function notice.aside_counts(tries_max integer)
    returns table (road text, why text, n bigint, since timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select 'insurer', w.why, count(*), min(w.since) from notice.aside_insurers(tries_max) w group by 2
    union all
    select m.road, m.why, count(*), min(m.since) from notice.aside_mails() m group by 1, 2
    union all
    select 'message', case i.state when 2 then 'doubtful' when 10 then 'changed' else 'unwritten' end, count(*), null
    from notice.aside_items(10000) i group by 2
$$;

-- Takes up what was set aside: it is tried again, or settled. 0 done, 1 not set aside under this number, 2 there is no address to send
-- it to, 3 what it tells of is over.
create or replace function notice.take_up(of_number text, tries_max integer, settle boolean, who_why text) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    road text := split_part(of_number, '-', 1);
    mail notice.own_mail;
    to_whom directory.contact;
begin
    if coalesce(length(who_why), 0) = 0 then
        raise exception 'who, and why' using errcode = 'null_value_not_allowed';
    end if;
    if road = 'insurer' then
        perform from notice.warning w where 'insurer-' || to_hex(w.id) = of_number for update;
        if not exists (select from notice.aside_insurers(tries_max) a where a.number = of_number) then
            return 1;
        elsif settle then
            update notice.warning w set settled = now(), handled = who_why where 'insurer-' || to_hex(w.id) = of_number;
        else
            update notice.warning w set tries = 0, next_try = w.due_at, failed = null, handled = who_why
            where 'insurer-' || to_hex(w.id) = of_number
              and exists (select from notice.contact_point c where c.id = w.contact and c.ended_at is null);
            if not found then
                return 2;
            end if;
        end if;
        return 0;
    end if;
    if not exists (select from notice.aside_mails() a where a.number = of_number) then
        return 1;
    end if;
    if road = 'person' then
        update notice.first_look l set handled = who_why, settled = case when settle then now() end,
            how = case when settle then l.how end, ended = case when settle then l.ended end, begun = null,
            attempts = case when settle then l.attempts else 0 end, due = case when settle then l.due else now() end
        where l.token = decode(split_part(of_number, '-', 2), 'hex') and l.settled is null and l.ended is not null;
        return case when found then 0 else 1 end;
    end if;
    select * into mail from notice.own_mail m where m.token = decode(split_part(of_number, '-', 2), 'hex') for update;
    if mail.ended is null or mail.settled is not null then      -- somebody else took it up meanwhile
        return 1;
    elsif settle then
        update notice.own_mail m set settled = now(), handled = who_why where m.token = mail.token;
        return 0;
    end if;
    if mail.account is not null then                -- frozen: whoever asks for an account may have changed the address since
        if not exists (select from bank.account k where k.id = mail.account
                       and k.state = any (case mail.what when 1 then array[1, 2] else array[3] end)) then
            return 3;
        end if;
    else
        select * into to_whom from directory.contact c where c.professional = mail.professional and c.email is not null;
        mail.email := coalesce(to_whom.email, mail.email);
        mail.language := coalesce(to_whom.language, mail.language);
    end if;
    if mail.email is null then
        return 2;
    end if;
    update notice.own_mail m set email = mail.email, language = mail.language, ended = null, how = null, begun = null, attempts = 0,
        due = now(), code = '', handled = who_why
    where m.token = mail.token;
    return 0;
end $$;

-- What came back and is no item's (deliveries/bounces.py). Of which incident: 0 of none, null when there is no such message.
create or replace function notice.other_of(of_token bytea, of_notice bigint) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce((select w.incident from notice.warning w where w.id = of_notice),
        (select 0 where exists (select from notice.own_mail m where m.token = of_token)
             or exists (select from notice.first_look l where l.token = of_token)
             or exists (select from notice.wish w where w.token = of_token)))
$$;

-- A notice that came back was received by nobody: it is not sent, its contact is given up, and who is told next is told at once; not
-- once somebody acknowledged it. A person's mailbox that takes no message ends her wish, as when the server says so at once.
create or replace function notice.other_came_back(of_token bytea, of_notice bigint, status text, tries_max integer) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    of_wish bigint;
begin
    update notice.warning w set sent_at = null, tries = tries_max, failed = 'returned ' || left(status, 12)
    where w.id = of_notice and w.sent_at is not null and not exists (
        select from notice.acknowledgement a where (a.incident, a.revision, a.insurer) = (w.incident, w.revision, w.insurer));
    if found then
        return true;
    end if;
    update notice.own_mail m set how = 'returned', code = left(status, 24) where m.token = of_token and m.how in ('sent', 'known');
    if found then
        return true;
    end if;
    update notice.first_look l set how = 'returned', code = left(status, 24)
    where l.token = of_token and l.how in ('sent', 'known') returning l.wish into of_wish;
    update notice.wish w set ended = now(), ended_why = 'refused', sealed = null, code = null
    where w.ended is null and (w.id = of_wish or w.token = of_token and w.proved is null and w.sent is not null);
    return found or of_wish is not null;
end $$;
