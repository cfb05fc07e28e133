-- Sign-ins under way: each site has its own provider's alone. Nobody reads, counts, empties or locks the table.

create or replace function access.own_realm() returns text language plpgsql stable as $$
declare realm text := case session_user when 'tierce_api' then 'psc' when 'tierce_office' then 'staff'
                      when 'tierce_persons' then 'persons' when 'tierce_insurers' then 'insurers' end;
begin
    if realm is null then
        raise exception 'nobody signs in with this process' using errcode = 'insufficient_privilege';
    end if;
    return realm;
end $$;

drop function if exists access.put_pending(bytea, bytea, text, text, text, timestamptz);   -- an earlier shape knew no key
create or replace function access.put_pending(
    of_state bytea, of_binding bytea, of_nonce text, of_verifier text, path text, at timestamptz, of_key bytea) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into access.pending (state, realm, binding, nonce, verifier, return_to, created, thumbprint)
    values (of_state, access.own_realm(), of_binding, of_nonce, of_verifier, path, at, of_key)
$$;

-- Given once, to the process that began it.
drop function if exists access.take_pending(bytea);   -- an earlier shape told of no key
create or replace function access.take_pending(of_state bytea)
    returns table (realm text, binding bytea, nonce text, verifier text, return_to text, created timestamptz, thumbprint bytea)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from access.pending p where p.state = of_state and p.realm = access.own_realm()
    returning p.realm, p.binding, p.nonce, p.verifier, p.return_to, p.created, p.thumbprint
$$;

-- Whoever names a session of a provider waits for whoever else does: of its opening and its end, one is seen by the other.
create or replace function access.one_sid_at_a_time(of_sid bytea) returns void language sql as $$
    select pg_advisory_xact_lock(hashtextextended('tierce-sid ' || encode(of_sid, 'hex'), 0))
    where of_sid is not null
$$;

-- Keeps by what the site's provider may say later that a session is over; false when it said so before it was opened here.
create or replace function access.put_vouched(of_session bigint, of_sid bytea, of_sub bytea, of_hint bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform access.one_sid_at_a_time(of_sid);
    if exists (select from access.told_over o where o.realm = access.own_realm() and o.sid = of_sid) then
        return false;
    end if;
    insert into access.vouched (realm, session, sid, sub, hint)
    values (access.own_realm(), of_session, of_sid, of_sub, of_hint);
    return true;
end $$;

-- What was sealed to a session's handle for its provider, once, to the site that has the session.
create or replace function access.take_hint(of_handle bytea) returns bytea
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare own text := access.own_realm(); mine bigint; kept bytea;
begin
    mine := case own
        when 'psc' then (select s.id from access.session s where s.handle = of_handle)
        when 'staff' then (select s.id from access.staff_session s where s.handle = of_handle)
        when 'persons' then (select s.id from access.person_session s where s.handle = of_handle)
        when 'insurers' then (select s.id from access.insurer_session s where s.handle = of_handle) end;
    select v.hint into kept from access.vouched v where v.realm = own and v.session = mine for update;
    update access.vouched v set hint = null where v.realm = own and v.session = mine and v.hint is not null;
    return kept;
end $$;

-- Ends the site's sessions that its provider says are over: one of its sessions, or all of a subject. Those that this ended; null when
-- this very token served before.
create or replace function access.end_vouched(of_jti bytea, of_sid bytea, of_sub bytea) returns bigint[]
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare own text := access.own_realm(); named bigint[]; gone bigint[];
begin
    perform access.one_sid_at_a_time(of_sid);
    insert into access.told_over (realm, jti, sid) values (own, of_jti, of_sid) on conflict do nothing;
    if not found then
        return null;
    end if;
    if of_sid is not null then
        named := array(select v.session from access.vouched v
                       where v.realm = own and v.sid = of_sid and (of_sub is null or v.sub = of_sub));
    else
        named := array(select v.session from access.vouched v where v.realm = own and v.sub = of_sub);
    end if;
    case own
    when 'psc' then
        with ended as (update access.session set revoked = now(), revoked_why = 'provider'
                       where id = any(named) and revoked is null and expires > now() returning id)
        select array_agg(id) into gone from ended;
    when 'staff' then
        with ended as (update access.staff_session set revoked = now()
                       where id = any(named) and revoked is null and expires > now() returning id)
        select array_agg(id) into gone from ended;
    when 'persons' then
        with ended as (update access.person_session set revoked = now()
                       where id = any(named) and revoked is null and expires > now() returning id)
        select array_agg(id) into gone from ended;
    when 'insurers' then
        with ended as (update access.insurer_session set revoked = now()
                       where id = any(named) and revoked is null and expires > now() returning id)
        select array_agg(id) into gone from ended;
    end case;
    return coalesce(gone, '{}');
end $$;

-- worker: forgets sign-ins and passkeys that nobody came back from, codes that nobody typed, tokens too old to come again, tickets and
-- challenges that serve no more, and sessions that ended by themselves: the longest lives four hours (identity/rules.py). By the
-- database's clock, whatever it is asked: what is young is under way, or is how a provider ends a session.
create or replace function access.sweep_pending(before timestamptz) returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from access.told_over where at < least(before, now() - interval '10 minutes');
    delete from access.ticket where until < now();
    delete from access.key_challenge where until < now();
    delete from access.vouched where at < least(before, now()) - interval '5 hours';
    delete from access.passkey_challenge where made < least(before, now() - interval '5 minutes');
    delete from access.assistant_code where made < least(before, now() - interval '15 minutes');
    with gone as (delete from access.pending where created < least(before, now() - interval '10 minutes') returning 1)
    select count(*) from gone
$$;

-- What a captured `api` could write of time itself (docs/adr/0153): a device that is older than it is, which asks for an account at once,
-- and a session that outlives its four hours (identity.rules.PROFESSIONAL_LIFETIME).
create or replace function access.no_older_device() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.created := now();
    return new;
end $$;
create or replace trigger no_older_device before insert on access.device
    for each row when (current_user = 'tierce_api' and new.created < now() - interval '1 minute')
    execute function access.no_older_device();

create or replace function access.no_longer_session() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.created := least(new.created, now());
    new.expires := least(new.expires, new.created + interval '4 hours');
    return new;
end $$;
create or replace trigger no_longer_session before insert or update of expires on access.session
    for each row when (current_user = 'tierce_api'
        and (new.expires > new.created + interval '4 hours' or new.created > now() + interval '1 minute'))
    execute function access.no_longer_session();
