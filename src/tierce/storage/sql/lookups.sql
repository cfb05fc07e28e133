-- Look-up keys and their generations (docs/adr/0120).

-- Called behind a reading: refuses when this connection looks up by a generation whose rows may be gone, or are not all there. A
-- connection says its generation when it is made; one that says none is of the first. It is a guard against a process that
-- was not started again, not against a thief: who lies finds nobody.
create or replace function gate.insist_lookup(of_purpose text) returns void
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from gate.generation_of(of_purpose)) then
        perform gate.refuse_lookup(of_purpose);
    end if;
end $$;

create or replace function gate.refuse_lookup(of_purpose text) returns void language plpgsql as $$
begin
    raise exception 'the % key of this process was replaced: start it again', of_purpose
        using errcode = 'check_violation';
end $$;

-- The newest generation of a key, when this connection may look up by its own; no row when it may not. Put into the query that
-- reads, as gate.open does, it tells of the same moment as the rows.
create or replace function gate.generation_of(of_purpose text) returns setof integer language sql stable as $$
    select l.generation from gate.lookup l where l.purpose = of_purpose
      and coalesce(nullif(current_setting('tierce.' || of_purpose, true), ''), '1')::integer between l.oldest and l.generation
$$;

-- The same for what adds a row: by the newest generation alone, and none newer comes until the caller's transaction ends.
create or replace function gate.insist_newest(of_purpose text) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare newest integer;
begin
    select l.generation into newest from gate.lookup l where l.purpose = of_purpose for share;
    if newest is distinct from coalesce(nullif(current_setting('tierce.' || of_purpose, true), ''), '1')::integer then
        raise exception 'the % key of this process was replaced: start it again', of_purpose
            using errcode = 'check_violation';
    end if;
end $$;

-- The first proof of a key by which nobody is looked up (docs/adr/0135): written once, by whoever uses it first, with how many keys the
-- file holds. While pairs are remembered and nothing proves their key, none is believed here: `tierce upgrade` tries it on some of them.
create or replace function gate.prove_first(of_purpose text, with_proof bytea, of_keys integer) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if of_purpose in ('index', 'trait') or of_purpose = 'pair' and exists (select from access.pair) then
        return;
    end if;
    update gate.lookup l set proof = with_proof, generation = of_keys, oldest = of_keys
    where l.purpose = of_purpose and l.proof is null;
end $$;
