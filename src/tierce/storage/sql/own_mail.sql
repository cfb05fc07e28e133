-- E-mails to a professional of what is done in her name (docs/adr/0125). An account's are written by bank.tell; here those of whoever gets
-- in: triggers write them, so that no way in goes without. The address is the one on file at that moment, which the office alone writes.
-- The bound is policy's (policy/own_mail.py), tested equal.

-- Writes that something happened to a professional. What waits already takes it in; beyond three of a kind in a day the next one waits for
-- the day of the third before it, and takes in what comes until then. Without an address a row of that day says so, and how often.
create or replace function notice.tell_own(of_professional bigint, of_what smallint, of_place text, of_software text, of_device bigint)
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    to_whom directory.contact;
    third timestamptz;
begin
    perform pg_advisory_xact_lock(hashtextextended('tierce-own-mail', of_professional));
    select * into to_whom from directory.contact c where c.professional = of_professional and c.email is not null;
    update notice.own_mail m set times = m.times + 1, latest = now(),
        place = case when m.place = of_place then m.place end,
        software = case when m.software = of_software then m.software end,
        device = case when m.device = of_device then m.device end
    where m.token = (
        select o.token from notice.own_mail o where o.professional = of_professional and o.what = of_what
          and (o.ended is null and o.begun is null and o.email = to_whom.email
               or o.how = 'unaddressed' and to_whom.email is null and o.at > now() - interval '1 day')
        order by o.at desc limit 1)
      and m.begun is null;                          -- one that is being sent says what it says
    if found then
        return;
    end if;
    select m.at into third from notice.own_mail m where m.professional = of_professional and m.what = of_what
    order by m.at desc offset 2 limit 1;
    insert into notice.own_mail (token, professional, what, email, language, place, software, device, at, due, ended, how)
    select substring(uuid_send(gen_random_uuid()) from 1 for 5) || substring(uuid_send(gen_random_uuid()) from 1 for 5),
           of_professional, of_what, to_whom.email, coalesce(to_whom.language, 'fr'), of_place, of_software, of_device, w.at, w.at,
           case when to_whom.email is null then now() end, case when to_whom.email is null then 'unaddressed' end
    from (select greatest(now(), third + interval '1 day') as at) w;
end $$;

-- A code with which an assistant of hers, just named or not, may make a passkey.
create or replace function notice.tell_of_code() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform notice.tell_own(x.professional, 3::smallint, e.name, null, new.device)
    from access.assistant x join directory.establishment e on e.id = x.establishment where x.id = new.assistant;
    return null;
end $$;
create or replace trigger told_to_her after insert or update of code on access.assistant_code
    for each row execute function notice.tell_of_code();

-- A passkey of an assistant of hers.
create or replace function notice.tell_of_passkey() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform notice.tell_own(x.professional, 4::smallint, e.name, null, null)
    from access.assistant x join directory.establishment e on e.id = x.establishment where x.id = new.assistant;
    return null;
end $$;
create or replace trigger told_to_her after insert on access.passkey
    for each row execute function notice.tell_of_passkey();

-- A device on which she herself had no session that chose its activity: an assistant's own is told of by her passkey.
create or replace function notice.tell_of_device() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from access.session o where o.device = new.device and o.login = new.login and o.assistant is null
                   and o.activity is not null and o.id <> new.id) then
        perform notice.tell_own(new.professional, 5::smallint, e.name, case when new.site = 2 then w.name end, new.device)
        from directory.activity a join directory.establishment e on e.id = a.establishment
        left join directory.software w on w.id = new.software where a.id = new.activity;
    end if;
    return null;
end $$;
create or replace trigger told_to_her after update of activity on access.session
    for each row when (old.activity is null and new.activity is not null and new.assistant is null)
    execute function notice.tell_of_device();

-- A substitute of hers, whoever declared it: her own session or staff, of whom one, with an accomplice, would tell nobody.
create or replace function notice.tell_of_substitute() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform notice.tell_own(new.replaces, 6::smallint, e.name, null, null)
    from directory.establishment e where e.id = new.establishment;
    return null;
end $$;
create or replace trigger told_to_her after insert on directory.substitution
    for each row execute function notice.tell_of_substitute();

-- Another address of hers, or none: told at the one of before, which is on file still as this is called. Whoever of the staff puts her own
-- there would else be told in her stead of all that follows.
create or replace function notice.tell_of_address() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if coalesce((select m.how from notice.own_mail m where m.professional = old.professional and m.email = old.email and m.ended is not null
                 order by m.ended desc limit 1), '') not in ('refused', 'returned') then      -- one that takes no message is told none
        perform notice.tell_own(old.professional, 7::smallint, null, null, null);
    end if;
    return new;
end $$;
create or replace trigger told_to_her before update of email on directory.contact
    for each row when (old.email is not null and new.email is distinct from old.email) execute function notice.tell_of_address();

drop function if exists bank.begin_telling(bytea, boolean);   -- of an account's messages alone
-- notices: the sending of one message begins, unless it was begun or ended meanwhile; `again` for one in doubt.
create or replace function notice.begin_own_mail(of_token bytea, again boolean) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update notice.own_mail t set begun = now(), attempts = t.attempts + 1
    where t.token = of_token and t.ended is null and (t.begun is not null) = again;
    return found;
end $$;
