-- Sessions of staff, insurers' people, persons and the portal's professionals are read with a ticket that lives five minutes, and another
-- is given for a challenge that the session's own key has signed (docs/adr/0127, 0131). Whose key signed is compared here, and the times
-- are the database's.

-- The live session of this process's own site that has this handle, and what its key is known by. Of professionals', those of the portal
-- whose device has a key: before an activity is chosen there is none, and a browser that makes none has none ever. Nobody but the
-- functions below may call it.
create or replace function access.own_bound(of_handle bytea, out session bigint, out bound bytea)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    case access.own_realm()
    when 'psc' then
        select s.id, d.thumbprint into session, bound from access.session s join access.device d on d.id = s.device
        where s.handle = of_handle and s.site = 1 and s.revoked is null and s.expires > now()
          and d.thumbprint <> sha256('tierce-no-key-v1'::bytea || int8send(s.login));   -- identity/model.py, keyless
    when 'staff' then
        select s.id, s.bound into session, bound from access.staff_session s
        where s.handle = of_handle and s.revoked is null and s.expires > now();
    when 'insurers' then
        select s.id, s.bound into session, bound from access.insurer_session s
        where s.handle = of_handle and s.revoked is null and s.expires > now();
    when 'persons' then
        select s.id, s.bound into session, bound from access.person_session s
        where s.handle = of_handle and s.revoked is null and s.expires > now();
    end case;
end $$;

-- A session that just opened has one ticket without a signature: its browser signed when it left for its provider.
create or replace function access.first_ticket(of_session bigint, of_ticket bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare own text := access.own_realm();
begin
    if not exists (select from access.vouched v where v.realm = own and v.session = of_session and v.at > now() - interval '1 minute')
       or exists (select from access.ticket t where t.realm = own and t.session = of_session) then
        return false;
    end if;
    insert into access.ticket (ticket, realm, session, until) values (of_ticket, own, of_session, now() + interval '5 minutes');
    return true;
end $$;

create or replace function access.ticket_serves(of_session bigint, of_ticket bytea) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from access.ticket t where t.ticket = of_ticket and t.realm = access.own_realm()
                   and t.session = of_session and t.until > now())
$$;

-- Whether a handle and a ticket read what is a professional's own: a session without a key has its handle alone, and software's has no
-- ticket: its key signs each reading. One that is over is for whoever reads it next to refuse.
create or replace function access.may_read(of_handle bytea, of_ticket bytea) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare mine bigint := (access.own_bound(of_handle)).session;
begin
    if mine is null then
        return not exists (select from access.session s where s.handle = of_handle and s.site = 2);
    end if;
    return access.ticket_serves(mine, of_ticket);
end $$;

-- False when no live session has this handle. Eight wait at most: the handle alone, stolen, fills nothing.
create or replace function access.ask_challenge(of_handle bytea, of_challenge bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare own text := access.own_realm(); mine bigint := (access.own_bound(of_handle)).session;
begin
    if mine is null then
        return false;
    end if;
    delete from access.key_challenge c where c.challenge in (
        select o.challenge from access.key_challenge o where o.realm = own and o.session = mine order by o.until desc offset 7);
    insert into access.key_challenge (challenge, realm, session, until) values (of_challenge, own, mine, now() + interval '1 minute');
    return true;
end $$;

-- Ends the session of this process's own site that has this handle; of a professional's, why.
drop function if exists access.end_insurer_session(bytea);   -- an earlier shape was the insurers' own
create or replace function access.end_own(of_handle bytea, why text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    case access.own_realm()
    when 'psc' then update access.session set revoked = now(), revoked_why = why where handle = of_handle and revoked is null;
    when 'staff' then update access.staff_session set revoked = now() where handle = of_handle and revoked is null;
    when 'insurers' then update access.insurer_session set revoked = now() where handle = of_handle and revoked is null;
    when 'persons' then update access.person_session set revoked = now() where handle = of_handle and revoked is null;
    end case;
end $$;

-- A challenge serves once, whoever signed it. What another key signed ends the session: somebody else holds its handle.
create or replace function access.renew(of_handle bytea, of_challenge bytea, of_bound bytea, of_ticket bytea) returns text
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare own text := access.own_realm(); mine record := access.own_bound(of_handle);
begin
    if mine.session is null then
        return 'over';
    end if;
    delete from access.key_challenge c
    where c.challenge = of_challenge and c.realm = own and c.session = mine.session and c.until > now();
    if not found then
        return 'stale';
    end if;
    if mine.bound <> of_bound then
        perform access.end_own(of_handle, 'other key');
        return 'other_key';
    end if;
    insert into access.ticket (ticket, realm, session, until) values (of_ticket, own, mine.session, now() + interval '5 minutes');
    return 'yes';
end $$;
