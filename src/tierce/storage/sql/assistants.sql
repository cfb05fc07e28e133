-- Assistants (docs/adr/0116): who names one, who makes a passkey, who signs in with it. The bounds are policy's (policy/assistants.py),
-- tested equal. Everything is checked here, on the rows, whatever the caller believes; what a passkey signed is verified by the caller.

-- Whether the device of a session was settled by an assistant's work: she has used it, and the professional herself not for fourteen days.
-- What only a device that is not new may do in her name, such a one may not.
create or replace function access.settled_by_assistant(of_session bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from access.session o where o.device = s.device and o.login = s.login and o.assistant is not null)
        and not exists (select from access.session o where o.device = s.device and o.login = s.login and o.assistant is null
                        and o.activity is not null and o.created <= now() - interval '14 days')
    from access.session s where s.id = of_session
$$;

-- Whether the device of a session is too new to let anybody in: on probation, settled by an assistant's work alone, or of no line yet.
-- Whoever signed in as her from elsewhere would go on as somebody else (docs/adr/0147).
create or replace function access.too_new(of_session bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce((select access.on_probation(l.state, gate.today()) from access.session s join access.line l on l.id = s.line
                     where s.id = of_session), true)
        or access.settled_by_assistant(of_session)
$$;

-- Why a session may name nobody now: 0 it may, else identity.assistants.model.Stopped. Only the professional herself, on the portal, who
-- just signed in, on a device that is not new, at a place where she acts in her own name; and nothing holds her or the device. Software's
-- sessions name nobody: what holds the software would not hold whoever signs in at the portal.
create or replace function access.names_nobody(of_session bigint) returns smallint
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case
        when s.id is null or a.id is null then 1
        when access.too_new(s.id) then 2
        when access.brings_nobody(s.id) then 3
        when s.created < now() - interval '15 minutes' then 8
        else 0 end::smallint
    from (select of_session as id) w
    left join access.session s on s.id = w.id and s.revoked is null and s.expires > now() and s.assistant is null and s.site = 1
    left join directory.activity a on a.id = s.activity and a.active and a.substitution is null
        and a.professional = s.professional and gate.today() between a.from_day and a.until_day
$$;

-- api: names an assistant for the place of the session, and leaves the digest of the code that she will type. Those sent away today count
-- today, or a stolen account lets a crowd in, one after the other.
create or replace function access.name_assistant(by_session bigint, family text, given text, of_handle bytea, last_day integer,
    of_code bytea, out stopped smallint, out number bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare own record; today integer := gate.today();
begin
    perform gate.insist_current();
    stopped := access.names_nobody(by_session);
    if stopped <> 0 then
        return;
    end if;
    select s.professional, a.establishment, s.activity, s.login, s.device, s.network into own
    from access.session s join directory.activity a on a.id = s.activity where s.id = by_session;
    perform from directory.professional where id = own.professional for update;
    stopped := case
        when last_day < today or last_day > today + 365 then 4
        when (select count(*) from access.assistant x
              where x.professional = own.professional and x.establishment = own.establishment
                and (x.ended is null and x.until_day >= today
                     or x.ended is not null and x.created > now() - interval '1 day')) >= 20 then 5
        else 0 end;
    if stopped <> 0 then
        return;
    end if;
    insert into access.assistant (professional, establishment, activity, family_name, given_name, handle, until_day, login, device)
    values (own.professional, own.establishment, own.activity, family, given, of_handle, last_day, own.login, own.device)
    returning id into number;
    insert into access.assistant_code (assistant, code, network, login, device)
    values (number, of_code, own.network, own.login, own.device);
end $$;

-- api: another code, for one of her assistants of that place: a passkey lost, or a second browser. It takes the place of the one before.
create or replace function access.renew_code(by_session bigint, of_number bigint, of_code bytea) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare no smallint := access.names_nobody(by_session); found_one bigint; own record;
begin
    if no <> 0 then
        return no;
    end if;
    select x.id into found_one from access.session s join directory.activity a on a.id = s.activity
    join access.assistant x on x.professional = s.professional and x.establishment = a.establishment
    where s.id = by_session and x.id = of_number and x.ended is null and x.until_day >= gate.today();
    if found_one is null then
        return 6;
    end if;
    if (select count(*) from access.passkey p where p.assistant = found_one) >= 3 then
        return 7;
    end if;
    select s.network, s.login, s.device into own from access.session s where s.id = by_session;
    insert into access.assistant_code as c (assistant, code, network, login, device)
    values (found_one, of_code, own.network, own.login, own.device)
    on conflict (assistant) do update set code = excluded.code, network = excluded.network, login = excluded.login,
        device = excluded.device, made = now();
    return 0;
end $$;

-- Ends an assistant: her sessions, her passkeys and her code with her.
create or replace function access.finish_assistant(of_number bigint, by_whom text, reason text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update access.assistant x set ended = now(), ended_by = by_whom, ended_why = reason
    where x.id = of_number and x.ended is null;
    if not found then
        return false;
    end if;
    delete from access.passkey p where p.assistant = of_number;
    delete from access.assistant_code c where c.assistant = of_number;
    delete from access.passkey_challenge h where h.assistant = of_number;
    update access.session s set revoked = now(), revoked_why = 'assistant ended'
    where s.assistant = of_number and s.revoked is null;
    return true;
end $$;

-- api: the professional ends one of hers, wherever she named her.
create or replace function access.end_assistant(by_session bigint, of_number bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare who bigint := (select s.professional from access.session s where s.id = by_session and s.revoked is null
                       and s.expires > now() and s.activity is not null and s.assistant is null);
begin
    return exists (select from access.assistant x where x.id = of_number and x.professional = who)
        and access.finish_assistant(of_number, 'professional ' || who, null);
end $$;

-- office: staff end one, and say why.
create or replace function access.end_assistant_of(of_professional bigint, of_number bigint, by_whom text, reason text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    return reason is not null and exists (
            select from access.assistant x where x.id = of_number and x.professional = of_professional)
        and access.finish_assistant(of_number, by_whom, reason);
end $$;

-- api: whom the professional of a session has named and who may still sign in; to herself alone.
create or replace function access.assistants_of(of_session bigint)
    returns table (number bigint, family_name text, given_name text, place text, until_day integer, created timestamptz,
                   let_in timestamptz, used timestamptz, passkeys bigint, here boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select x.id, x.family_name, x.given_name, e.name, x.until_day, x.created,
           greatest(x.created, (select c.made from access.assistant_code c where c.assistant = x.id),
                    (select max(p.made) from access.passkey p where p.assistant = x.id)), x.used,
           (select count(*) from access.passkey p where p.assistant = x.id), coalesce(a.establishment = x.establishment, false)
    from access.session s left join directory.activity a on a.id = s.activity
    join access.assistant x on x.professional = s.professional and x.ended is null and x.until_day >= gate.today()
    join directory.establishment e on e.id = x.establishment
    where s.id = of_session and s.revoked is null and s.expires > now() and s.assistant is null
    order by 10 desc, x.family_name, x.given_name, x.id limit 200
$$;

-- api: who an assistant's session is of, by name.
create or replace function access.assistant_name(of_session bigint) returns text
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select x.given_name || ' ' || x.family_name from access.session s join access.assistant x on x.id = s.assistant
    where s.id = of_session
$$;

drop function if exists access.leave_challenge(bytea, bytea);   -- an earlier shape knew no key
-- api: leaves a challenge; of a sign-in, for whoever signs it, and of the browser whose key this is.
create or replace function access.leave_challenge(of_challenge bytea, of_binding bytea, of_key bytea) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into access.passkey_challenge (challenge, binding, thumbprint) values (of_challenge, of_binding, of_key)
$$;

-- api: leaves the challenge of a passkey to be made by whoever typed a live code on the network of the session that asked for it. Her
-- names, the place and the passkeys that she has; no row: no such code, and `on_network` false: typed elsewhere.
create or replace function access.begin_passkey(of_code bytea, of_network bytea, of_challenge bytea, of_binding bytea)
    returns table (on_network boolean, handle bytea, family_name text, given_name text, place text, has bytea[])
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found_one access.assistant%rowtype; code_network bytea;
begin
    select c.network into code_network from access.assistant_code c
    where c.code = of_code and c.made > now() - interval '10 minutes' and not access.any_held(c.login, c.device);
    select x.* into found_one from access.assistant_code c join access.assistant x on x.id = c.assistant
    where c.code = of_code and x.ended is null and x.until_day >= gate.today() and access.assistant_stands(x.id);
    if code_network is null or found_one.id is null then
        return;
    end if;
    if code_network = of_network then
        insert into access.passkey_challenge (challenge, binding, assistant, code)
        values (of_challenge, of_binding, found_one.id, of_code);
    end if;
    return query select code_network = of_network, found_one.handle, found_one.family_name, found_one.given_name, e.name,
        array(select p.credential from access.passkey p where p.assistant = found_one.id)
    from directory.establishment e where e.id = found_one.establishment;
end $$;

-- Whether something holds a login or a device.
create or replace function access.any_held(of_login bigint, of_device bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from access.ladder h where h.rung >= 2 and h.lifted is null and h.until > now()
                   and (h.level, h.subject) in ((1, of_login), (2, of_device)))
$$;

-- Whether an assistant may sign in today: not over, her professional may act there, and nothing holds the login or the device that named
-- her (what holds a login is read by the gate as well; a device that is held brought her in).
create or replace function access.assistant_stands(of_number bigint) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from access.assistant x
        join directory.activity a on a.id = x.activity and a.active and a.professional = x.professional
            and a.establishment = x.establishment and gate.today() between a.from_day and a.until_day
        where x.id = of_number and x.ended is null and x.until_day >= gate.today()
          and not access.any_held(x.login, x.device))
$$;

-- api: takes a challenge, right or wrong, once, within five minutes and from the browser that began.
drop function if exists access.take_challenge(bytea, bytea);   -- an earlier shape told of no key
create or replace function access.take_challenge(of_challenge bytea, of_binding bytea)
    returns table (assistant bigint, code bytea, thumbprint bytea)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (delete from access.passkey_challenge h where h.challenge = of_challenge
                  returning h.binding, h.assistant, h.code, h.made, h.thumbprint)
    select g.assistant, g.code, g.thumbprint from gone g where g.binding = of_binding and g.made > now() - interval '5 minutes'
$$;

-- api: keeps a passkey that was just made, and uses its code up. Whose it is; null: the code was used or taken back meanwhile, or she has
-- as many as she may.
create or replace function access.keep_passkey(of_number bigint, of_code bytea, of_credential bytea, of_key bytea, of_counter bigint)
    returns table (professional bigint, establishment bigint, given_name text, place text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare gone record;
begin
    perform gate.insist_current();
    perform from access.assistant x where x.id = of_number for update;
    if not access.assistant_stands(of_number) or (select count(*) from access.passkey p where p.assistant = of_number) >= 3 then
        return;
    end if;
    delete from access.assistant_code c
    where c.assistant = of_number and c.code = of_code and c.made > now() - interval '15 minutes'
      and not access.any_held(c.login, c.device)
    returning c.login, c.device into gone;
    if not found then
        return;
    end if;
    insert into access.passkey (credential, assistant, public_key, counter, login, device)
    values (of_credential, of_number, of_key, of_counter, gone.login, gone.device) on conflict do nothing;
    if found then
        return query select x.professional, x.establishment, x.given_name, e.name
            from access.assistant x join directory.establishment e on e.id = x.establishment where x.id = of_number;
    end if;
end $$;

-- api: what verifies a passkey's signature.
create or replace function access.passkey_of(of_credential bytea)
    returns table (public_key bytea, counter bigint, handle bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.public_key, p.counter, x.handle
    from access.passkey p join access.assistant x on x.id = p.assistant where p.credential = of_credential
$$;

-- api: opens the session of whoever signed with a passkey. It is the professional's, of the one activity, and ends with the assistant's last
-- day at the latest. Null: the passkey is gone or was copied (its counter does not grow), or the assistant may not sign in today.
drop function if exists access.open_assistant_session(bytea, bigint, bigint, bytea, smallint, integer, bytea, timestamptz);
create or replace function access.open_assistant_session(of_credential bytea, of_counter bigint, of_id bigint, of_handle bytea,
    of_site smallint, of_software integer, of_network bytea, ends timestamptz, of_device bigint) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare who access.assistant%rowtype; last timestamptz;
begin
    perform gate.insist_current();
    select x.* into who from access.passkey p join access.assistant x on x.id = p.assistant
    where p.credential = of_credential for update of x;
    update access.passkey p set counter = of_counter, used = now()
    where p.credential = of_credential and (p.counter = 0 and of_counter = 0 or of_counter > p.counter);
    if not found then
        return null;
    end if;
    -- A hold of a device that brought her in was there before this session, or comes after it and ends it: they wait for each other.
    perform from access.device d
    where d.id in (select who.device union all select p.device from access.passkey p where p.credential = of_credential)
    order by d.id for share;
    if not access.assistant_stands(who.id)
        or exists (select from access.passkey p where p.credential = of_credential and access.any_held(p.login, p.device)) then
        return null;
    end if;
    last := (date '1970-01-01' + who.until_day + 1)::timestamp at time zone 'Europe/Paris';
    insert into access.session (id, handle, site, login, professional, acr, offered, device, software, network, created,
        expires, assistant, latest)
    values (of_id, of_handle, of_site, who.login, who.professional, 1, array[who.activity], of_device, of_software, of_network, now(),
        least(ends, last), who.id, last);
    update access.assistant x set used = now() where x.id = who.id;
    return who.id;
end $$;

-- A device that is held named them, or had a code made for them: their sessions end with that, whoever places the hold.
create or replace function access.end_named_by_held() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform gate.insist_current();
    perform from access.device d where d.id = new.subject for no key update;   -- after whoever opens a session by it now
    update access.session s set revoked = now(), revoked_why = 'named by a device that is held'
    from (select x.id from access.assistant x where x.device = new.subject
          union select p.assistant from access.passkey p where p.device = new.subject) brought
    where s.assistant = brought.id and s.revoked is null and s.expires > now();
    return null;
end $$;
create or replace trigger end_named_by_held after insert on access.ladder
    for each row when (new.level = 2 and new.rung >= 2) execute function access.end_named_by_held();
