-- What staff do is said in the journal, or is not done: a row that the office's role writes is gone with its transaction where no line
-- of that very transaction says it, by its kind and act, with the row's number. Whoever holds the role's password alone lifts nothing,
-- pays nothing, answers nobody and lets nobody in without a line; one that its instance did not sign is found by
-- `tierce journal verify`. Other roles' lines are held to their rows where they are written.

-- Arguments: the column of the row's number; that of who did it, or none; then `kind:act` of the lines that may say it, each with the
-- row's number for its reference, or with a star where one line says it of many rows. Whoever writes the line may do so last.
create or replace function journal.insist_said() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    of_row constant jsonb := to_jsonb(new);
    about constant bigint := case tg_table_name when 'letter_batch' then (      -- a batch of letters is its incident's
        select a.incident from notice.audience a where a.id = (of_row ->> 'audience')::bigint)
        else (of_row ->> tg_argv[0])::bigint end;
    who constant bigint := of_row ->> nullif(tg_argv[1], '');
begin
    if not exists (
        select from journal.batch b
        join journal.entry e on e.seq between b.block * 256 and b.block * 256 + 255
        cross join lateral (select e.kind || ':' || get_byte(e.body, 2) as what) l
        where b.tx = pg_current_xact_id_if_assigned() and (who is null or e.professional = who)
          and (l.what = any (tg_argv[2:]) and journal.u64(e.body, 112) = about or l.what || '*' = any (tg_argv[2:]))) then
        raise exception 'no line of this transaction says what staff did' using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- A trigger is made once: its name ends with what it is made of, and one that is there already locks no table at an upgrade.
do $$
declare
    one record;
    made text;
    called name;
    former name;
begin
    for one in select * from (values
        -- Holds and closings, placed, let go of, or asked to be (23, 130); sessions and assistants ended (31, 38), by a
        -- hold or an enrolment too (57); appeals (131); other operators' alerts (133, 137).
        ('access.ladder', 'insert', '', $a$'id', '', '7:23'$a$),
        ('access.ladder', 'update', 'new.lifted is distinct from old.lifted', $a$'id', '', '7:23'$a$),
        ('access.release', 'insert', '', $a$'hold', 'staff', '7:130'$a$),
        ('access.session', 'update', 'new.revoked is distinct from old.revoked', $a$'id', '', '5:31', '5:38*', '7:23*', '5:57*', '5:58*', '5:59*'$a$),
        ('access.assistant', 'update', 'new.ended is distinct from old.ended', $a$'id', '', '5:38', '7:23*', '5:57*', '5:58*', '5:59*'$a$),
        ('access.appeal', 'update', 'new.answered is distinct from old.answered', $a$'id', '', '5:131'$a$),
        ('access.alert', 'insert', '', $a$'id', '', '5:133'$a$),
        ('access.alert', 'update', 'new.ended is distinct from old.ended', $a$'id', '', '5:137'$a$),
        -- Who is let in, and where she is written to (57): a file of many has one line.
        ('directory.enrolment', 'insert or update', '', $a$'id', '', '5:57*'$a$),
        ('directory.contact', 'insert or update', '', $a$'professional', '', '5:57*'$a$),
        ('directory.substitution', 'insert or update', '', $a$'id', '', '5:57*', '5:58', '5:59'$a$),
        ('registry.deposit_choice', 'insert or update', '', $a$'insurer', '', '9:83*'$a$),
        -- Money: a batch, a transfer or a recovery (244, 246, 228), an account (239, 240).
        ('bank.word', 'insert or update', '', $a$'subject', 'staff', '22:244', '22:246'$a$),
        ('bank.recovery_word', 'insert or update', '', $a$'recovery', 'staff', '22:228'$a$),
        ('bank.confirmation', 'insert', '', $a$'account', 'staff', '23:239'$a$),
        ('bank.account', 'update', 'new.ended_by is distinct from old.ended_by', $a$'id', '', '23:240'$a$),
        -- People told, answered, or told later.
        ('notice.letter_batch', 'update', 'new.taken_at is distinct from old.taken_at or new.posted_at is distinct from old.posted_at',
         $a$'audience', '', '5:216', '5:217'$a$),
        ('notice.stop', 'insert or update', '', $a$'incident', '', '5:214'$a$),
        ('notice.message', 'insert', '', $a$'incident', '', '5:211'$a$),
        ('notice.recipient', 'update', 'new.vouched_at is distinct from old.vouched_at', $a$'id', 'vouched_by', '5:167'$a$),
        ('notice.insurer_notice', 'insert', '', $a$'incident', '', '5:26'$a$),
        ('access.alert_told', 'insert', '', $a$'id', '', '5:136'$a$),
        ('notice.person_report', 'update', '', $a$'id', '', '5:221'$a$),
        ('notice.rights_request', 'update', '', $a$'id', '', '5:223'$a$),
        ('incident.secrecy', 'insert or update', '', $a$'incident', '', '5:225'$a$)
    ) w(on_table, event, only_when, arguments) loop
        made := format('after %s on %s deferrable initially deferred for each row when (session_user = ''tierce_office''%s)'
                       ' execute function journal.insist_said(%s)', one.event, one.on_table,
                       case when one.only_when <> '' then format(' and (%s)', one.only_when) else '' end, one.arguments);
        called := 'said_' || split_part(one.event, ' ', 1) || '_' || left(md5(made), 6);
        for former in select t.tgname from pg_trigger t where t.tgrelid = one.on_table::regclass
                      and t.tgname like 'said\_' || split_part(one.event, ' ', 1) || '\_%' and t.tgname <> called loop
            execute format('drop trigger %I on %s', former, one.on_table);
        end loop;
        if not exists (select from pg_trigger t where t.tgrelid = one.on_table::regclass and t.tgname = called) then
            execute format('create constraint trigger %I %s', called, made);
        end if;
    end loop;
end $$;

-- An entry loses its person when two asked for it, each by a line of this very transaction, of this entry, and for this reason.
create or replace function journal.redaction_said() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (
        select from journal.entry e
        where e.seq = new.line and e.tx = pg_current_xact_id_if_assigned() and e.kind = 12 and get_byte(e.body, 2) = 150
          and e.professional = new.author and journal.u64(e.body, 112) = new.seq
          and journal.u16(e.body, 48) = 0 and journal.u16(e.body, 50) = new.reason)
       and not (select r.rolsuper from pg_roles r where r.rolname = session_user) then
        raise exception 'no line of this transaction says who asks for that, and why' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create or replace trigger said before insert on journal.redaction for each row execute function journal.redaction_said();

-- A hold begins when it is written, and ends: the watch's own, of a device, within a day (policy/ladder.py, HOLD_FOR); a member of
-- staff's within a week, a closing within three days (CLOSE_FOR_MAX). Nobody writes one that was, nor one that never ends.
create or replace function access.insist_bounded() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    longest constant interval := case when session_user = 'tierce_worker' then interval '24 hours'
                                      when new.level in (1, 2) then interval '168 hours' else interval '72 hours' end;
begin
    if (select r.rolsuper from pg_roles r where r.rolname = session_user) then
        return new;
    end if;
    if new.lifted is not null or new.spent or new.rung not between 1 and 4 or new.until > new.since + longest
       or new.since not between now() - interval '10 minutes' and clock_timestamp() + interval '2 minutes'
       or session_user = 'tierce_worker' and (new.level <> 2 or new.rung > 3 or new."by" <> 'watch') then
        raise exception 'a hold begins now, is of whom this process may hold, and ends' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create or replace trigger insist_bounded before insert on access.ladder for each row execute function access.insist_bounded();

-- Since when an address is on file, or somebody is a client, is the database's to say: an ask for another account is odd for days after
-- (bank.oddities), and what was written a moment ago would else be years old.
create or replace function directory.is_now() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.at := greatest(new.at, now());
    return new;
end $$;
create or replace trigger is_now before insert or update on directory.contact for each row
    when (session_user = 'tierce_office') execute function directory.is_now();
create or replace trigger is_now before insert or update on directory.enrolment for each row
    when (session_user = 'tierce_office') execute function directory.is_now();
