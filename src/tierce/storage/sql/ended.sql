-- What ended stays ended. A role that may write that a session, a key or an alert is over may not write that it goes on: whoever
-- holds its password would have her session, and the line that opened it, after she left. What was answered, or decided, stays too.
create or replace function access.refuse_waking() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (select r.rolsuper from pg_roles r where r.rolname = session_user) then
        if tg_op = 'DELETE' then                     -- whoever owns the database has it whole
            return old;
        end if;
        return new;
    end if;
    raise exception 'what ended stays as it ended' using errcode = 'check_violation';
end $$;

create or replace trigger stays_ended before update on access.session for each row
    when (old.revoked is not null and new.revoked is distinct from old.revoked
          or old.expires <= now() and new.expires > old.expires) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.staff_session for each row
    when (old.revoked is not null and new.revoked is distinct from old.revoked
          or old.expires <= now() and new.expires > old.expires) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.person_session for each row
    when (old.revoked is not null and new.revoked is distinct from old.revoked
          or old.expires <= now() and new.expires > old.expires) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.insurer_session for each row
    when (old.revoked is not null and new.revoked is distinct from old.revoked
          or old.expires <= now() and new.expires > old.expires) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.ladder for each row
    when (old.lifted is not null and new.lifted is distinct from old.lifted) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.assistant for each row
    when (old.ended is not null and new.ended is distinct from old.ended) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.alert for each row
    when (old.ended is not null and new.ended is distinct from old.ended) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.alert_peer for each row
    when (old.ended is not null and (new.ended is distinct from old.ended or new.keys is distinct from old.keys))
    execute function access.refuse_waking();
create or replace trigger stays_ended before update on presence.signer for each row
    when (old.revoked is not null and new.revoked is distinct from old.revoked) execute function access.refuse_waking();
-- A signer's key is written once: who may write another in its place would sign cards that verify.
create or replace trigger stays_derived before update on presence.signer for each row
    when (old.public_key is not null and new.public_key is distinct from old.public_key) execute function access.refuse_waking();
create or replace trigger stays_ended before update on notice.stop for each row
    when (old.lifted_at is not null and new is distinct from old) execute function access.refuse_waking();
create or replace trigger stays_ended before update on presence.peer for each row
    when (old.revoked is not null and new.revoked is distinct from old.revoked) execute function access.refuse_waking();
create or replace trigger stays_ended before update on access.appeal for each row
    when (old.answered is not null and new is distinct from old) execute function access.refuse_waking();
create or replace trigger stays_ended before update on notice.person_report for each row
    when (old.answered is not null and new is distinct from old) execute function access.refuse_waking();
create or replace trigger stays_ended before update on notice.rights_request for each row
    when (old.answered is not null and new is distinct from old
          or old.forwarded is not null and (new.forwarded, new.forwarded_by) is distinct from (old.forwarded, old.forwarded_by))
    execute function access.refuse_waking();
create or replace trigger stays_ended before update on notice.recipient for each row
    when (old.vouched_at is not null and new is distinct from old) execute function access.refuse_waking();
create or replace trigger stays_ended before update on notice.insurer_notice for each row
    when (old.document is not null and new.document is distinct from old.document
          or old.draft is not null and new.draft is distinct from old.draft) execute function access.refuse_waking();
create or replace trigger stays_ended before update on care.deposit for each row
    when (old.resolved is not null
          and (new.state, new.reason, new.resolved, new.establishment, new.professional, new.line, new.insurer, new.domain,
               new.amount, new.care_day)
              is distinct from (old.state, old.reason, old.resolved, old.establishment, old.professional, old.line, old.insurer,
                                old.domain, old.amount, old.care_day)) execute function access.refuse_waking();

-- A proof that was used is forgotten once it is too old to come again, and the mark of a restart never.
create or replace trigger stays_used before delete on access.proof for each row
    when (old.at > now() - interval '4 minutes' or old.id = '00000000-0000-0000-0000-000000000000')
    execute function access.refuse_waking();

-- What a deposit guarantees is what its insurer chose in writing for that domain and day, 1,500 euros at most (policy/deposits.py):
-- whoever may write what deposits are worth invents no larger one.
create or replace function care.insist_chosen() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare up_to_max constant integer := 150000;
begin
    if new.amount between 1 and up_to_max and exists (
            select from registry.deposit_choice c where c.insurer = new.insurer and c.domain = new.domain
              and new.care_day between c.from_day and c.until_day and new.amount <= c.up_to)
       or (select r.rolsuper from pg_roles r where r.rolname = session_user) then
        return new;
    end if;
    raise exception 'no insurer chose to guarantee that' using errcode = 'check_violation';
end $$;
create or replace trigger was_chosen before insert or update of state, insurer, domain, amount, care_day on care.deposit
    for each row when (new.state = 2) execute function care.insist_chosen();
