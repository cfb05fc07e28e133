-- Functions of the imports: the first load of an empty register goes into tables without indexes, which are built
-- afterwards. Nobody but the owner may touch an index, so the import role asks these functions, and they refuse
-- unless the register is empty.

create or replace function registry.register_tables() returns text[]
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select array['person.key', 'person.trait', 'person.record', 'person.member', 'person.family', 'coverage.coverage']
$$;

-- Whether nobody is in the register; read only.
create or replace function registry.is_empty() returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select not exists (select from person.key) and not exists (select from person.trait)
       and not exists (select from person.record) and not exists (select from person.member)
       and not exists (select from person.family) and not exists (select from coverage.coverage)
$$;

-- Write down every key and index of the register's tables, then drop them; false, and nothing done, when somebody
-- is in the register. In the caller's transaction: what is rolled back was never dropped.
create or replace function registry.set_indexes_aside() returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare one record;
begin
    -- Looked at before the lock and behind it: where somebody is in the register, each file would stop every ask for as
    -- long as whoever reads these tables (a backup, a night's removal) has to be waited for.
    if not registry.is_empty() then
        return false;
    end if;
    lock table person.key, person.trait, person.record, person.member, person.family, coverage.coverage
        in access exclusive mode;
    if not registry.is_empty() or exists (select from registry.set_aside) then
        return false;
    end if;
    insert into registry.set_aside (relation, name, place, definition)
    select t, c.conname, case c.contype when 'p' then 1 when 'u' then 2 else 4 end, pg_get_constraintdef(c.oid)
    from unnest(registry.register_tables()) t join pg_constraint c on c.conrelid = t::regclass
    where c.contype in ('p', 'u', 'f')
    union all
    select t, x.relname, 3, pg_get_indexdef(i.indexrelid)
    from unnest(registry.register_tables()) t join pg_index i on i.indrelid = t::regclass
    join pg_class x on x.oid = i.indexrelid
    where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = i.indrelid);
    for one in select relation, name, place from registry.set_aside order by place desc loop
        if one.place = 3 then
            execute format('drop index %I.%I', split_part(one.relation, '.', 1), one.name);
        else
            execute format('alter table %s drop constraint %I', one.relation::regclass, one.name);
        end if;
    end loop;
    return true;
end $$;

-- Build again what was set aside of one table, in the caller's transaction; several connections may each build one.
create or replace function registry.build_indexes(of_table text) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare one record; built integer := 0;
begin
    for one in select name, place, definition from registry.set_aside where relation = of_table order by place loop
        if one.place = 3 then
            execute one.definition;
        else
            execute format('alter table %s add constraint %I %s', of_table::regclass, one.name, one.definition);
        end if;
        built := built + 1;
    end loop;
    delete from registry.set_aside where relation = of_table;
    execute format('analyze %s', of_table::regclass);
    return built;
end $$;
