-- Alerts between operators (docs/adr/0101). tierce_peers reads no table: it is told whose keys sign, and hands over what it
-- verified. What it is answered depends on the peer and on the number of the alert, never on whom it names.

create or replace function access.alert_peers() returns table (peer smallint, issuer text, keys bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select id, issuer, keys from access.alert_peer where ended is null
$$;

-- 1: kept; 0: it came before; 2: this peer's day is full, and nothing was kept; 3: no such peer.
-- One alert of a peer about a professional is in force at a time, whoever entered it: it counts once.
create or replace function access.take_alert(
    of_peer smallint, of_jti uuid, of_event smallint, of_rpps text, of_alert bigint,
    of_since timestamptz, of_until timestamptz, of_confidence smallint) returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    accuses boolean := of_event between 1 and 4;
    named text; whom bigint; bound record;
begin
    perform gate.insist_current();
    select name into named from access.alert_peer where id = of_peer and ended is null for update;
    if not found then return 3; end if;
    if exists (select from access.peer_set where (peer, jti) = (of_peer, of_jti)) then return 0; end if;
    select alerts, others, days into strict bound from access.alert_bound;
    if (select count(*) from access.peer_set s where s.peer = of_peer and s.at >= gate.day_start()
        and (s.event between 1 and 4) = accuses) >= (case when accuses then bound.alerts else bound.others end) then
        return 2;
    end if;
    -- Before it is looked up whom it names: what cannot be kept would be refused of her alone who is known.
    if accuses and (of_alert is null or of_confidence is null or exists (select from access.alert a where a.id = of_alert)) then
        raise exception 'an accusation has a number of its own and a confidence' using errcode = 'check_violation';
    end if;
    select id into whom from directory.professional where rpps = of_rpps;
    insert into access.peer_set (peer, jti, event, known) values (of_peer, of_jti, of_event, whom is not null);
    if accuses then
        insert into access.alert (id, professional, operator, at, "by", peer, event, since, until, confidence)
        select of_alert, whom, named, now(), '', of_peer, of_event, of_since, of_until, of_confidence
        where whom is not null and not exists (
            select from access.alert a where a.professional = whom and a.ended is null
            and a.at > now() - make_interval(days => bound.days) and lower(a.operator) = lower(named));
    elsif of_event = 5 then
        update access.alert set ended = now()
        where professional = whom and peer is not null and lower(operator) = lower(named) and ended is null;
    end if;
    return 1;
end $$;

-- What waits to be carried: each is taken for a time that doubles, whether or not this process lives to say what came of it.
-- Past a week it is too old for whoever would verify it.
create or replace function access.alerts_due(most integer)
    returns table (told bigint, peer smallint, push text, token text)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    with due as (
        select o.told, o.peer, p.push from access.alert_out o join access.alert_told t on t.id = o.told
        join access.alert_peer p on p.id = o.peer and p.ended is null and p.push is not null
        where o.delivered is null and o.refused is null and o.next_try <= now() and t.at > now() - interval '7 days'
        order by o.next_try limit least(most, 100) for update of o skip locked)
    update access.alert_out o
    set tries = least(o.tries + 1, 32000), next_try = now() + make_interval(secs => least(900, 2 ^ least(o.tries + 1, 12)))
    from due where (o.told, o.peer) = (due.told, due.peer)
    returning o.told, o.peer, due.push, o.token
$$;

-- What came of one: taken by the other operator, or refused by it under a code.
create or replace function access.alert_arrived(of_told bigint, of_peer smallint, under text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    update access.alert_out set delivered = case when under is null then now() end, refused = left(under, 40)
    where (told, peer) = (of_told, of_peer) and delivered is null and refused is null
$$;

-- The last one alone: a key that was replaced, perhaps because it was stolen, is vouched for no more.
create or replace function access.alert_keys() returns setof bytea
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select jwk from access.alert_key order by at desc, kid limit 1
$$;
