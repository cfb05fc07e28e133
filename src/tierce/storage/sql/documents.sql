-- Documents to which a grant is subject (billing/agreements/documents, docs/adr/0126): declared through a live session of the place
-- that asked, under its line of the journal. The last one declared makes the grant, here and nowhere else.

-- The last declaration of each kind for an agreement: what counts of it.
create or replace function care.declared(of_agreement bigint)
    returns table (kind smallint, dated integer, prescriber bigint, digest bytea, professional bigint, at timestamptz)
    language sql stable as $$
    select distinct on (d.kind) d.kind, d.dated, d.prescriber, d.digest, d.professional, d.at
    from care.agreement_document d where d.agreement = of_agreement order by d.kind, d.n desc
$$;

-- What an agreement is subject to and nobody has declared yet.
create or replace function care.undeclared(of_agreement bigint) returns smallint language sql stable as $$
    select (a.documents & ~coalesce((select bit_or(1 << (d.kind - 1)) from care.agreement_document d where d.agreement = a.id), 0))::smallint
    from care.agreement a where a.id = of_agreement
$$;

-- What would stop the asking of an agreement (care.hindrance) stands, of whoever asked, of what declared her a substitute, of her
-- place, profession or cell, or of the software of a session that she had then.
create or replace function care.asker_held(of_agreement bigint) returns boolean language sql stable as $$
    select exists (select from access.ladder h where h.rung >= 4 and h.lifted is null and h.until > now()
                   and (h.level, h.subject) in ((1, l.login), (2, l.device), (3, a.establishment), (4, l.profession),
                                                (7, directory.cell_of(e.finess, l.profession))))
        or exists (select from access.session s join directory.software o on o.id = s.software
                   left join directory.activity t on t.id = s.activity left join directory.substitution u on u.id = t.substitution
                   join access.ladder h on h.rung >= 4 and h.lifted is null and h.until > now() and (h.level, h.subject) in (
                       (1, u.login), (2, u.device), (5, s.software), (6, o.vendor))
                   where s.professional = a.professional and s.line = a.line and a.at between s.created and s.expires)
    from care.agreement a join directory.establishment e on e.id = a.establishment left join access.line l on l.id = a.line
    where a.id = of_agreement
$$;

-- What a declaration for an agreement of the session's own place would be held to. `outcome`: 0 none of the place's has this number,
-- 1 it may be declared, 2 to 4 what care.hindrance says (3 also where whoever asked for it is held), 6 it awaits no document now.
-- The agreement is locked: it is not over, nor taken back, nor invoiced, before the declaration is kept.
create or replace function care.quote_document(of_session bigint, of_agreement bigint)
    returns table (outcome smallint, domain smallint, documents smallint, asked_by bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    who record;
    one record;
    stopped smallint;
begin
    select * into who from care.bearer(of_session);
    if not found then
        raise exception 'no live session has this number' using errcode = 'insufficient_privilege';
    end if;
    perform care.one_at_a_time(who.establishment, who.line);
    select a.domain, a.documents, a.professional, a.state = 9 and a.documents_by >= gate.today()
        or a.state = 3 and a.documents <> 0 and a.until_day >= gate.today() and not care.is_invoiced(a.id) as awaits into one
    from care.agreement a where a.id = of_agreement and a.establishment = who.establishment for update;
    if not found then
        return query select 0::smallint, null::smallint, 0::smallint, null::bigint;
        return;
    end if;
    stopped := care.hindrance(of_session, 250);
    if stopped = 0 and care.asker_held(of_agreement) then
        stopped := 3;
    end if;
    return query select case when stopped <> 0 then stopped when one.awaits then 1 else 6 end::smallint, one.domain, one.documents,
                        one.professional;
end $$;

-- Keeps one declaration, under the limits of an agreement and of a day, with its own line of the journal, written in this very
-- transaction; once nothing is undeclared, what was granted subject to documents is granted, which it says.
create or replace function care.keep_document(
    of_session bigint, of_agreement bigint, of_kind smallint, of_dated integer, of_prescriber bigint, of_digest bytea, of_entry bigint)
    returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    who record;
    quoted record;
    valid_days constant integer[] := '{1826,183,183}';
    prescribers constant smallint[] := '{1,2,4,10,11,13,15}';
    own_care constant smallint[] := '{4,10}';
    of_an_agreement constant integer := 10;
    line_a_day constant integer := 180;
    place_a_day constant integer := 720;
    nothing constant bytea := sha256('');
begin
    perform gate.insist_durable();
    select * into who from care.bearer(of_session);
    if not found then
        raise exception 'no live session has this number' using errcode = 'insufficient_privilege';
    end if;
    select * into quoted from care.quote_document(of_session, of_agreement);
    if quoted.outcome <> 1 or (quoted.documents & (1 << (of_kind - 1)) <> 0) is not true
       or (of_dated between gate.today() - valid_days[of_kind] and gate.today()) is not true
       or (of_digest <> nothing) is not true or (of_kind = 1) <> (of_prescriber is not null)
       or of_kind = 1 and not exists (
           select from directory.professional p where p.id = of_prescriber and p.profession = any (prescribers)
           and (quoted.domain = any (own_care) or p.id not in (who.professional, quoted.asked_by))) then
        raise exception 'this document is not awaited, or does not hold' using errcode = 'insufficient_privilege';
    end if;
    if (select count(*) from care.agreement_document d where d.agreement = of_agreement) >= of_an_agreement
       or (select count(*) from care.agreement_document d where d.establishment = who.establishment
           and d.at >= gate.day_start()) >= place_a_day
       or (select count(*) from care.agreement_document d where d.establishment = who.establishment and d.at >= gate.day_start()
           and d.line = who.line) >= line_a_day then
        raise exception 'too many documents' using errcode = 'program_limit_exceeded';
    end if;
    perform care.insist_line(of_entry, 97, who.establishment, of_agreement, who.professional);
    insert into care.agreement_document (agreement, n, kind, dated, prescriber, digest, establishment, professional, line, entry)
    select of_agreement, count(*) + 1, of_kind, of_dated, of_prescriber, of_digest, who.establishment, who.professional, who.line, of_entry
    from care.agreement_document d where d.agreement = of_agreement;
    update care.agreement a set state = 3 where a.id = of_agreement and a.state = 9 and care.undeclared(a.id) = 0;
    return found;
end $$;

-- What an own agreement is subject to, kind by kind, with the last declaration of each.
create or replace function care.own_documents(of_session bigint, of_agreement bigint)
    returns table (kind smallint, dated integer, rpps text, digest bytea, at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.kind::smallint, d.dated, p.rpps, d.digest, d.at
    from care.bearer(of_session) w
    join care.agreement a on a.establishment = w.establishment and a.id = of_agreement and a.state not in (1, 4, 8)
    join generate_series(1, 3) k(kind) on a.documents & (1 << (k.kind - 1)) <> 0
    left join care.declared(a.id) d on d.kind = k.kind
    left join directory.professional p on p.id = d.prescriber
    order by k.kind
$$;

-- For the insurer's own people, through the handle of a session of its staff, after a committed line (act 98): agreements granted
-- subject to documents, the newest first. No place, no amount, nobody.
create or replace function care.insurer_documents(session_handle bytea, of_line bigint, after bigint, at_most integer)
    returns table (id bigint, domain smallint, decided timestamptz, state smallint, documents smallint, documents_by integer,
                   kinds smallint[], dates integer[], digests bytea[])
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    own smallint := access.journalled_insurer(session_handle, of_line, 98);
begin
    return query
    select a.id, a.domain, a.decided, a.state, a.documents, a.documents_by, array_remove(array_agg(d.kind order by d.kind), null),
           array_remove(array_agg(d.dated order by d.kind), null), array_remove(array_agg(d.digest order by d.kind), null)
    from (select g.* from care.agreement g
          where g.insurer = own and g.documents_by is not null
            and (after is null or (g.decided, g.id) < (select c.decided, c.id from care.agreement c where c.id = after and c.insurer = own))
          order by g.decided desc, g.id desc limit least(at_most, 101)) a
    left join care.declared(a.id) d on true
    group by a.id, a.domain, a.decided, a.state, a.documents, a.documents_by
    order by a.decided desc, a.id desc;
end $$;

-- How many of them await documents, were granted once declared, and are over for want of one; read with the list, under its line.
create or replace function care.insurer_documents_counted(session_handle bytea, of_line bigint)
    returns table (awaited bigint, declared bigint, lapsed bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    own smallint := access.journalled_insurer(session_handle, of_line, 98);
begin
    return query
    select count(*) filter (where a.state = 9 and a.documents_by >= gate.today()),
           count(*) filter (where a.state in (3, 5) or a.state = 6 and a.reason <> 28),
           count(*) filter (where a.state = 6 and a.reason = 28 or a.state = 9 and a.documents_by < gate.today())
    from care.agreement a where a.insurer = own and a.documents_by is not null;
end $$;
