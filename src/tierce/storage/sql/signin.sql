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

create or replace function access.put_pending(
    of_state bytea, of_binding bytea, of_nonce text, of_verifier text, path text, at timestamptz) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into access.pending (state, realm, binding, nonce, verifier, return_to, created)
    values (of_state, access.own_realm(), of_binding, of_nonce, of_verifier, path, at)
$$;

-- Given once, to the process that began it.
create or replace function access.take_pending(of_state bytea)
    returns table (realm text, binding bytea, nonce text, verifier text, return_to text, created timestamptz)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from access.pending p where p.state = of_state and p.realm = access.own_realm()
    returning p.realm, p.binding, p.nonce, p.verifier, p.return_to, p.created
$$;

-- worker: forgets those that nobody came back from.
create or replace function access.sweep_pending(before timestamptz) returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (delete from access.pending where created < before returning 1) select count(*) from gone
$$;
