-- A new device continues an older one of the same login (docs/adr/0035): it draws on that line and opens none of its
-- own, so that no seat is added anywhere. Everything is checked here, on the rows, whatever the caller believes.

-- The session of a device whose line is on probation leaves a code to be typed on the old device. Returns whether it may.
create or replace function access.leave_code(of_session bigint, of_code bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare s record;
begin
    select o.id, o.login, l.state into s
    from access.session o join access.line l on l.id = o.line
    where o.id = of_session and o.revoked is null and o.expires > now() and o.assistant is null;
    if not found or not access.on_probation(s.state, gate.today()) then
        return false;
    end if;
    delete from access.device_code c where c.login = s.login and c.made <= now() - interval '10 minutes';
    insert into access.device_code as c (session, login, code, made) values (s.id, s.login, of_code, now())
    on conflict (session) do update set code = excluded.code, made = excluded.made;
    return true;
end $$;

-- The sessions of a login that wait for a word from an older device, with their codes' digests.
create or replace function access.codes_waiting(of_session bigint)
    returns table (session bigint, code bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.session, c.code
    from access.session o join access.device_code c on c.login = o.login
    where o.id = of_session and o.revoked is null and o.expires > now()
      and c.made > now() - interval '10 minutes' and c.session <> o.id
$$;

-- The old device's session says that the device of `new_session` is hers. Returns the device, and what stopped it:
-- 0 done, 1 no code is waiting there, 2 the old device is on probation itself or not the login's, 3 not on the same network,
-- 4 as many devices as may go on with that line, 5 something stands on the old device, its login or its professional.
create or replace function access.continue_line(
    of_session bigint, new_session bigint, out stopped smallint, out continued bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    old record;
    new record;
    today integer := gate.today();
begin
    select o.login, o.device, o.line, o.network, o.professional, t.profession, l.state into old
    from access.session o join directory.activity t on t.id = o.activity join access.line l on l.id = o.line
    where o.id = of_session and o.revoked is null and o.expires > now() and o.assistant is null;
    perform gate.insist_current();
    perform from access.login where id = old.login for update;
    select o.device, o.network, t.profession, l.state into new
    from access.device_code c join access.session o on o.id = c.session
    join directory.activity t on t.id = o.activity join access.line l on l.id = o.line
    where c.session = new_session and c.login = old.login and c.made > now() - interval '10 minutes'
      and o.revoked is null and o.expires > now() and o.device <> old.device;
    stopped := case
        when new.device is null or new.profession <> old.profession
             or not access.on_probation(new.state, today) then 1
        when old.state is null or access.on_probation(old.state, today) or access.settled_by_assistant(of_session) then 2
        when new.network <> old.network then 3
        when (select count(*) from access.continued k where k.line = old.line) >= 4 then 4
        when exists (select from access.ladder h where h.rung >= 2 and h.lifted is null and h.until > now()
                     and (h.level, h.subject) in ((1, old.login), (2, old.device), (2, new.device))) then 5
        else 0 end;
    if stopped <> 0 then
        return;
    end if;
    continued := new.device;
    delete from access.device_code c where c.session = new_session;
    insert into access.continued as k (login, device, profession, line, by_device, at)
    values (old.login, new.device, old.profession, old.line, old.device, now())
    on conflict (login, device, profession) do update
        set line = excluded.line, by_device = excluded.by_device, at = excluded.at;
    update access.session o set line = old.line
    from directory.activity t
    where t.id = o.activity and o.login = old.login and o.device = new.device and t.profession = old.profession;
end $$;

-- A device of the session's own login goes on with no other any more: its sessions end, and it is new at the next.
create or replace function access.separate(of_session bigint, of_device bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare mine bigint := (select o.login from access.session o
                        where o.id = of_session and o.revoked is null and o.expires > now() and o.assistant is null);
begin
    delete from access.continued k where k.login = mine and k.device = of_device;
    if not found then
        return false;
    end if;
    update access.session o set revoked = now(), revoked_why = 'device separated by its owner'
    where o.login = mine and o.device = of_device and o.revoked is null;
    return true;
end $$;
