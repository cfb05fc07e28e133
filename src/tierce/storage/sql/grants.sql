-- Who may do what, on one page. Everything is revoked first; each role then receives what its process needs.
-- `portal` does not appear: it holds no database credential. Functions run as tierce_owner, who cannot log in.

revoke all on all tables in schema registry, registry_meta, person, coverage, contact, bank, care, directory, access, journal,
    incident, notice, gate, upkeep, presence from public, tierce_api, tierce_office, tierce_persons, tierce_insurers,
    tierce_signer, tierce_worker, tierce_feed, tierce_upkeep, tierce_notices, tierce_inspector, tierce_billing, tierce_peers;
revoke all on all functions in schema journal, gate, access, registry, directory, upkeep, presence, notice, contact,
    incident, care, bank from public, tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer, tierce_worker, tierce_feed,
    tierce_upkeep, tierce_notices, tierce_inspector, tierce_billing, tierce_peers;
revoke all on all sequences in schema registry, registry_meta, person, coverage, contact, bank, care, directory, access, journal,
    incident, notice, gate, upkeep, presence from public, tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer, tierce_worker,
    tierce_feed, tierce_upkeep, tierce_notices, tierce_inspector, tierce_billing, tierce_peers;
revoke all on schema registry, registry_meta, person, coverage, contact, bank, care, directory, access, journal, incident, notice,
    gate, upkeep, presence, public from public, tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer, tierce_worker,
    tierce_feed, tierce_upkeep, tierce_notices, tierce_inspector, tierce_billing, tierce_peers;
revoke all on database :"database" from public, tierce_api, tierce_office, tierce_persons, tierce_insurers,
    tierce_signer, tierce_worker, tierce_feed, tierce_upkeep, tierce_notices, tierce_inspector, tierce_billing, tierce_peers;
grant connect on database :"database" to tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer,
    tierce_worker, tierce_feed, tierce_upkeep, tierce_notices, tierce_inspector, tierce_billing, tierce_peers;

-- Whatever serves or works looks first whether the schema is the one it was written for.
grant usage on schema registry_meta to tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer,
    tierce_worker, tierce_upkeep, tierce_notices, tierce_billing, tierce_peers;
grant select on registry_meta.schema_version to tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer,
    tierce_worker, tierce_upkeep, tierce_notices, tierce_billing, tierce_peers;

-- The journal is INSERT and SELECT only, and for entries the insertion goes through functions: nobody updates,
-- deletes or truncates, the sequencer included.
grant usage on schema journal to tierce_api, tierce_office, tierce_persons, tierce_insurers, tierce_signer,
    tierce_worker, tierce_feed, tierce_upkeep, tierce_notices, tierce_billing, tierce_peers;
grant execute on function journal.u64(bytea, integer), journal.u16(bytea, integer)
    to tierce_api, tierce_office, tierce_persons, tierce_worker, tierce_feed, tierce_upkeep, tierce_notices;

-- api: the gate, sign-in, and nothing of the people ------------------------------------------------------------
grant usage on schema gate, access, directory, registry to tierce_api;
grant execute on function gate.open, gate.close, gate.reveal, gate.lease, gate.lend, access.line_of, access.join_lines,
    access.use_proof, access.proofs_since, journal.register, journal.next_block, journal.append, gate.own_asks, gate.asked_before
    to tierce_api;
grant select on registry.insurer, registry.insurer_key, registry.product, registry.guarantee, registry.printed to tierce_api;
grant select on directory.professional, directory.establishment, directory.activity, directory.software,
    directory.enrolment, directory.substitution to tierce_api;
grant execute on function access.brings_nobody, access.too_new, directory.apply, directory.enrol_by_manager, directory.declare_substitute,
    directory.end_substitution to tierce_api;
grant execute on function access.leave_code, access.codes_waiting, access.continue_line, access.separate to tierce_api;
grant select on access.continued to tierce_api;
grant execute on function access.name_assistant, access.renew_code, access.end_assistant, access.assistants_of,
    access.assistant_name, access.leave_challenge, access.begin_passkey, access.take_challenge, access.keep_passkey,
    access.passkey_of, access.open_assistant_session to tierce_api;   -- no table of theirs
grant select, insert on access.login, access.device to tierce_api;
-- A session is opened without an activity, and no assistant's but by her passkey: what tells the professional of a device is the choice
-- that follows, whoever opened it (own_mail.sql).
grant select, insert (id, handle, site, login, professional, acr, offered, device, software, network, created, expires),
    update (activity, line, expires, used, revoked, revoked_why) on access.session to tierce_api;
grant execute on function access.put_pending, access.take_pending, access.put_vouched, access.end_vouched, access.take_hint to tierce_api;
grant execute on function access.may_read, access.ask_challenge, access.renew to tierce_api;
grant select, insert, update on access.device_name to tierce_api;
grant select, insert on access.appeal to tierce_api;   -- what held professionals say, and the answers
grant select on access.line, access.ladder, access.client to tierce_api;
grant usage on schema care to tierce_api;
grant select (seq, establishment, professional, domain, until_day, label, at) on care.engagement to tierce_api;
grant select on gate.floor, gate.ceiling to tierce_api;
grant select (number, received, state, reason, resolved, establishment, domain, amount, care_day)
    on care.deposit to tierce_api;
grant select on registry.deposit_choice to tierce_api;
grant select on journal.instance to tierce_api;
grant execute on function care.quote_invoice, care.keep_invoice, care.beside_invoice, care.own_invoices,
    care.own_invoice_lines, care.cancel_invoice to tierce_api;   -- through the session it serves; no table of invoices
grant execute on function care.quote_agreement, care.keep_agreement, care.own_agreements, care.own_agreement_lines,
    care.cancel_agreement, care.quote_document, care.keep_document, care.own_documents
    to tierce_api;   -- the same of agreements; it writes no decision, but the grant that the last document makes
grant usage on schema presence to tierce_api;
grant execute on function presence.use, presence.note, presence.place_code, presence.said to tierce_api;
grant select (id, insurer, public_key, revoked) on presence.signer to tierce_api;

-- office: watch, contain, incidents; a person only through gate.staff_reveal, after a committed line ---------------
grant usage on schema gate, access, directory, registry, incident, notice to tierce_office;
grant execute on function journal.register, journal.next_block, journal.append, gate.staff_reveal,
    gate.hindered to tierce_office;
grant select on journal.instance, journal.batch, journal.entry, journal.placed, journal.checkpoint to tierce_office;
grant select on journal.cosignature, journal.dissent to tierce_office;
grant execute on function journal.leaves, journal.leaf_count, journal.unplaced, journal.segments, journal.sealed_end,
    journal.redactions, journal.writing_since to tierce_office;
grant select on journal.segment, journal.ended to tierce_office;
grant select on journal.redaction to tierce_office;
grant select, insert (entries, size, root, sealed, redacted, errors, first) on journal.verification to tierce_office;
grant select on directory.professional, directory.establishment, directory.activity, directory.software,
    directory.enrolment, directory.substitution, directory.past to tierce_office;
grant insert, update on directory.enrolment to tierce_office;
grant execute on function directory.open_substitution, directory.end_substitution to tierce_office;
grant select on access.login, access.device, access.line, access.session, access.ladder to tierce_office;
grant update (revoked, revoked_why) on access.session to tierce_office;
grant select (id, professional, establishment, family_name, given_name, until_day, created, used, ended, ended_by, ended_why)
    on access.assistant to tierce_office;
grant execute on function access.end_assistant_of to tierce_office;
grant insert on access.ladder to tierce_office;
grant execute on function access.lift to tierce_office;   -- who lets go of many needs another before her
grant select, insert, delete on access.release to tierce_office;
grant select, update (answered, answer, lifted, "by") on access.appeal to tierce_office;   -- never what she said
grant select, insert, update (ended, ended_by, ended_why) on access.alert to tierce_office;
grant select on access.alert_peer, access.peer_set, access.accused to tierce_office;
grant select, insert on access.alert_told, access.alert_out to tierce_office;
grant select, insert (kid, jwk) on access.alert_key to tierce_office;   -- when is the database's to say: the last one counts
grant execute on function access.put_pending, access.take_pending, access.put_vouched, access.end_vouched, access.take_hint to tierce_office;
grant execute on function access.first_ticket, access.ticket_serves, access.ask_challenge, access.renew, access.end_own to tierce_office;
grant select, insert, update (revoked) on access.staff_session to tierce_office;
grant select (id, insurer, expires, revoked), update (revoked) on access.insurer_session to tierce_office;
grant select on registry.insurer, registry.printed, registry.insurer_key, registry.feed, registry.feed_reason, registry.feed_refused
    to tierce_office;
grant select, insert (id, title, signal_at) on incident.incident to tierce_office;   -- the rest follows the register
grant select, insert on incident.opening to tierce_office;
grant select on incident.smaller_ask to tierce_office;
grant execute on function incident.ask_smaller, incident.last_changed to tierce_office;   -- whose list takes anybody away needs another
grant select, insert on incident.scope, incident.exposed, incident.insurer_count to tierce_office;
grant select, insert on incident.possible, incident.exposed_professional, incident.cohort, incident.cohort_controller,
    incident.difference to tierce_office;
grant select, insert on incident.register to tierce_office;   -- rows are added, never changed
grant select, insert on notice.insurer_notice to tierce_office;
grant select, update (answer, answered, answered_by) on notice.person_report to tierce_office;
grant select, update (forwarded, forwarded_by, answer, answered, answered_by) on notice.rights_request
    to tierce_office;
grant select (request, insurer, outcome, at) on notice.request_reply to tierce_office;
grant select on incident.secrecy, incident.secrecy_ask to tierce_office;
grant execute on function incident.ask_secrecy, incident.confirm_secrecy, incident.end_secrecy to tierce_office;
grant usage on schema upkeep to tierce_office;
grant select on upkeep.controls, upkeep.policy to tierce_office;
grant execute on function incident.invoices_read to tierce_office;   -- how many could be matched, never who
grant execute on function notice.told to tierce_office;    -- counts by minute, for whoever inspects; nobody
grant select on access.evidence, access.unexplained, access.decoy_hit, access.saturated to tierce_office;
grant select on access.overdue, access.unexplained_day to tierce_office;
grant execute on function access.suspects to tierce_office;
grant select on gate.common, access.clientele to tierce_office;   -- how full what many share is, and by whom: nobody covered
grant select on access.decoy to tierce_office;   -- invented people: their numbers name nobody
grant usage on schema care to tierce_office;
grant select (number, received, state, reason, resolved, establishment, domain, amount, insurer)
    on care.deposit to tierce_office;
grant select (id, establishment, care_day) on care.billed to tierce_office;   -- what a report is about; never of whom
grant select (id, establishment, care_day) on care.invoice to tierce_office;  -- the same
grant select, insert, update on registry.deposit_choice to tierce_office;

-- inspector: the pages of whoever inspects, in the office's process over connections of their own; counts and delays,
-- nothing is written, and no table that names a person covered can be read ------------------------------------------
grant usage on schema journal, incident, notice, registry, upkeep to tierce_inspector;
grant select on incident.incident, incident.scope, incident.insurer_count, incident.cohort_controller, incident.register
    to tierce_inspector;
grant select (id, name) on registry.insurer to tierce_inspector;
grant execute on function notice.told, notice.untold, journal.segments to tierce_inspector;
grant select (id, incident, frozen_at) on notice.audience to tierce_inspector;
grant select (audience, channel, state) on notice.item to tierce_inspector;   -- how many stand where; never for whom
grant select on incident.difference to tierce_inspector;   -- counts by insurer
grant select (incident, revision, insurer, sent_at) on notice.warning to tierce_inspector;
grant select (incident, insurer, at) on notice.acknowledgement to tierce_inspector;
grant select (id, incident, revision, insurer, at) on notice.report to tierce_inspector;
grant select on notice.told_count to tierce_inspector;
grant select on journal.checkpoint, journal.cosignature, journal.dissent, journal.segment, journal.ended, journal.verification
    to tierce_inspector;
grant select on upkeep.controls to tierce_inspector;

-- persons: oneself, through the session one holds ---------------------------------------------------------------
grant usage on schema gate, access, directory, registry, notice to tierce_persons;
grant execute on function journal.register, journal.next_block, journal.append, gate.person_self,
    gate.person_history to tierce_persons;
grant execute on function access.put_pending, access.take_pending, access.put_vouched, access.end_vouched, access.take_hint to tierce_persons;
grant execute on function access.first_ticket, access.ticket_serves, access.ask_challenge, access.renew, access.end_own to tierce_persons;
grant select, insert on access.person_session to tierce_persons;   -- whose it is, and for how long, stays
grant select on directory.professional, directory.establishment to tierce_persons;
grant select on registry.insurer, registry.insurer_key to tierce_persons;
grant select on journal.instance, journal.batch, journal.placed, journal.checkpoint, journal.segment, journal.ended
    to tierce_persons;
grant execute on function journal.segments, journal.sealed_end to tierce_persons;
grant execute on function gate.person_concerned, gate.person_of, gate.person_by_traits to tierce_persons;
grant execute on function notice.her_reports, notice.report_own, notice.her_requests, notice.her_replies,
    notice.make_request to tierce_persons;   -- hers alone, by the session whose handle she holds
grant usage on schema presence to tierce_persons;
grant execute on function presence.asked, presence.answer_ask to tierce_persons;
grant execute on function notice.wish_recipient, notice.own_wishes, notice.ask_wish, notice.prove_wish, notice.stop_wish
    to tierce_persons;   -- her own wish to be told; her address is sealed to `notices`
grant execute on function notice.own_billed, notice.report_billed, notice.own_agreements, notice.own_documents
    to tierce_persons;   -- in her own name
grant execute on function notice.own_messages to tierce_persons;   -- what was sent to her, of her own pairs alone

-- insurers: counts of the insurer whose session one holds, through functions alone; no table of people, none of ours ----
grant usage on schema access, registry to tierce_insurers;
grant execute on function journal.register, journal.next_block, journal.append to tierce_insurers;
grant execute on function access.open_insurer_session, access.insurer_session(bytea) to tierce_insurers;
grant execute on function registry.own_people, registry.own_shown, registry.own_incidents, registry.own_feeds,
    registry.own_feed_reasons, registry.own_feed_refused, registry.own_batches, registry.own_decided, registry.own_coming
    to tierce_insurers;
grant execute on function access.put_pending, access.take_pending, access.put_vouched, access.end_vouched, access.take_hint to tierce_insurers;
grant execute on function access.first_ticket, access.ticket_serves, access.ask_challenge, access.renew, access.end_own to tierce_insurers;
grant usage on schema care to tierce_insurers;
grant execute on function care.own_reviews, care.own_review, care.own_review_lines, care.decide_review, care.insurer_documents,
    care.insurer_documents_counted to tierce_insurers;

-- signer: the bearer of a session, the name of a place, its own journal lines; no table ---------------------------------
grant usage on schema presence to tierce_signer;
grant execute on function journal.register, journal.next_block, journal.append, presence.bearer, presence.place_of,
    presence.say to tierce_signer;

-- peers: whose keys sign other operators' alerts, and one function that writes what they say; no table ------------------
grant usage on schema access to tierce_peers;
grant execute on function journal.register, journal.next_block, journal.append, access.alert_peers, access.take_alert,
    access.alerts_due, access.alert_arrived, access.alert_keys to tierce_peers;

-- worker: sequencer and watch; no person ------------------------------------------------------------------------
grant usage on schema gate, access, directory, registry to tierce_worker;
grant execute on function registry.count_shown, gate.size_crowded to tierce_worker;
grant execute on function journal.register, journal.next_block, journal.append to tierce_worker;
grant select on journal.instance, journal.batch, journal.entry to tierce_worker;
grant select, insert on journal.placed, journal.checkpoint, journal.cosignature, journal.dissent to tierce_worker;
grant execute on function journal.leaves, journal.leaf_count, journal.unplaced, journal.segments, journal.sealed_end,
    journal.redactions, journal.add_segment, journal.drop_hot, journal.drop_redacted, journal.due_segments,
    journal.end_segment, upkeep.is_held, upkeep.held_since to tierce_worker;
grant select on journal.segment, journal.redaction, journal.ended to tierce_worker;
grant select on access.line, access.session, access.ladder to tierce_worker;
grant insert, update (spent) on access.ladder to tierce_worker;
grant select, delete on access.proof to tierce_worker;
grant execute on function access.sweep_pending to tierce_worker;   -- its secrets are nobody's to read
grant select on directory.activity to tierce_worker;
grant select, delete on access.trace to tierce_worker;
grant select, update on access.watched to tierce_worker;
grant select, insert, update on access.evidence to tierce_worker;
grant select, insert, update, delete on access.unexplained, access.overdue, access.unexplained_day to tierce_worker;
grant select on access.decoy, access.alert to tierce_worker;
grant select, insert, delete on access.decoy_hit, access.accused, access.saturated to tierce_worker;
grant update (spent) on access.accused to tierce_worker;
grant select on directory.establishment, directory.software to tierce_worker;
grant execute on function directory.cell_of, directory.department_of to tierce_worker;   -- whether whoever deposited was held, by any part
-- Whether she still stood in for somebody, and whether what declared her was held.
grant select (id, from_day, until_day, login, device) on directory.substitution to tierce_worker;
grant usage on schema notice to tierce_worker;
grant select (id, seq, at) on notice.person_report to tierce_worker;   -- that somebody said so; never who
grant execute on function access.settle_unexplained to tierce_worker;
grant select (insurer, ended) on registry.remote to tierce_worker;   -- who does not answer, for the status page
grant select (insurer, away_until) on registry.remote_state to tierce_worker;
grant usage on schema care, registry to tierce_worker;   -- deposits: what they are worth, never whom they are about
-- By whom a deposit is known at its place is written, and never read back (docs/adr/0119).
grant select (number, key, received, state, reason, resolved, establishment, professional, line, insurer, domain, amount, care_day,
              label, twin, sealed), insert, update on care.deposit to tierce_worker;
grant select on registry.insurer, registry.printed, registry.deposit_choice, access.device to tierce_worker;
grant usage on schema upkeep to tierce_worker;
grant select, insert, update on upkeep.heartbeat to tierce_worker;
grant select, insert on upkeep.controls, upkeep.policy to tierce_worker;   -- a snapshot a day, each text of rules; never changed
grant select on upkeep.keep, gate.floor, gate.ceiling, gate.shown_ceiling, journal.verification to tierce_worker;
grant execute on function upkeep.waiting, upkeep.job_ended to tierce_worker;
grant usage on schema presence to tierce_worker;   -- the refusals of persons are evidence; who they are is not
grant select (seq, establishment, professional, line, yes, at) on presence.answer to tierce_worker;
grant execute on function presence.settle, presence.tidy to tierce_worker;

-- feed: imports; writes sealed records and keyed indexes --------------------------------------------------------
grant usage on schema registry, person, coverage, directory to tierce_feed;
grant execute on function journal.register, journal.next_block, journal.append to tierce_feed;
grant select, insert, update on registry.insurer, registry.product, registry.guarantee, registry.feed to tierce_feed;
grant select, insert on registry.insurer_key, registry.door to tierce_feed;
grant update (digest) on registry.door to tierce_feed;   -- when the key of doors is replaced
grant select on registry.door to tierce_upkeep;          -- the doctor compares digests with the file
-- Rows are added, never changed, and the sequence numbers them: none is slipped in before an earlier decision.
grant select, insert (feed, item, domain, basket, base, rate, ceiling, whole_tm, least, most, label_fr, label_en, from_day,
    until_day) on registry.tariff to tierce_feed;
grant select, insert (feed, product, domain, item, measure, value, cap_months, cap_cents, cap_count, from_day, until_day,
    review_from, documents) on registry.benefit to tierce_feed;
grant usage on sequence registry.pricing_row to tierce_feed;
grant select (insurer, resumed, deleting, deleted, last_version) on registry.ending to tierce_feed;
grant select, insert, delete on registry.printed to tierce_feed;
grant execute on function registry.count_people to tierce_feed;
grant select, insert on person.key, person.trait to tierce_feed;
grant update (contested) on person.trait to tierce_feed;
grant select, insert, update on person.member to tierce_feed;
grant delete on person.key, person.trait to tierce_feed;   -- a correction takes wrong identifiers away
grant select, insert, update on person.record, person.family, coverage.coverage, registry.convention to tierce_feed;
grant delete on coverage.coverage to tierce_feed;           -- a period gives way to the one that corrects it
grant select, insert, update on directory.professional, directory.establishment, directory.software to tierce_feed;
grant select on directory.activity to tierce_feed;   -- what public data say; never who may ask
grant insert (professional, establishment, profession, source, listed, mode_code, sector_code, role_code, kind_code),
    update (source, listed, mode_code, sector_code, role_code, kind_code) on directory.activity to tierce_feed;
grant select, insert, update, delete on registry.feed_reason, registry.feed_refused, registry.feed_later to tierce_feed;
grant select on registry.set_aside to tierce_feed;
grant insert on access.decoy to tierce_feed;         -- invented people, for the watch
grant execute on function registry.is_empty, registry.set_indexes_aside, registry.build_indexes to tierce_feed;
grant select, insert on person.former_key to tierce_feed;
grant usage on schema access to tierce_feed;
grant select, insert, update on access.client to tierce_feed;
grant select on journal.instance to tierce_feed;
grant temporary on database :"database" to tierce_feed;
grant usage on schema presence to tierce_feed;
grant select on presence.peer to tierce_feed;
grant execute on function presence.report, presence.take_back to tierce_feed;

-- upkeep: retention, rotation of keys, health; counts and states, no person, no coverage -------------------------------
grant usage on schema upkeep, registry, access to tierce_upkeep;
grant execute on function journal.register, journal.next_block, journal.append, upkeep.forget, upkeep.forget_next,
    upkeep.keys_in_use, upkeep.drop_key, upkeep.waiting, upkeep.retire_instance, upkeep.due_letters, upkeep.letters_gone,
    upkeep.job_ended to tierce_upkeep;
grant select on upkeep.keep, upkeep.heartbeat to tierce_upkeep;
grant select on registry.feed, registry.insurer_key to tierce_upkeep;
grant insert on registry.insurer_key to tierce_upkeep;
grant update (wrapped) on registry.insurer_key to tierce_upkeep;
grant select (level, rung, until, lifted) on access.ladder to tierce_upkeep;
grant select on journal.instance, journal.checkpoint, journal.segment, journal.ended, journal.cosignature, journal.dissent,
    journal.verification to tierce_upkeep;
grant execute on function journal.segments to tierce_upkeep;
grant select, insert on journal.redaction to tierce_upkeep;   -- asked for by two who have the machine's own commands
grant usage on schema presence to tierce_upkeep;     -- keys of signers and peers are registered and revoked by hand
grant select, insert, update (public_key, revoked, revoked_why) on presence.signer to tierce_upkeep;
grant select, insert, update (revoked, revoked_why) on presence.peer to tierce_upkeep;
grant select, insert, update (since, ended) on presence.certified to tierce_upkeep;
grant select, insert, update (keys, why, ended, ended_why) on access.alert_peer to tierce_upkeep;   -- other operators, by hand
grant select (peer, event, at) on access.peer_set to tierce_upkeep;                            -- how many came, and what
grant select (peer, ended), update (ended, ended_by, ended_why) on access.alert to tierce_upkeep;
grant select (id, amc, name) on registry.insurer to tierce_upkeep;
grant select on registry.ending to tierce_upkeep;            -- contracts that ended: functions end them, and delete
grant execute on function registry.end_contract, registry.resume_contract, registry.still_covers, registry.ending_obstacles,
    registry.begin_deletion, registry.delete_ended, registry.finish_deletion, registry.keep_certificate to tierce_upkeep;

-- notices: insurers told, slices handed over, contact data lent for an incident. Of a person it reads what was lent, and
-- the member number of whoever is on the list of an established incident; no civil status, no NIR, no journal --------------
grant usage on schema contact, notice, incident, registry, upkeep to tierce_notices;
grant execute on function upkeep.notices_live to tierce_notices;
grant execute on function journal.register, journal.next_block, journal.append to tierce_notices;
grant execute on function contact.open_loan, contact.next_version, contact.forget, notice.members to tierce_notices;
grant select, insert, update, delete on contact.contact to tierce_notices;
grant select, update (certificate) on contact.loan to tierce_notices;
grant select, insert, update (at, read, taken, unchanged, refused, outside) on contact.lent_file to tierce_notices;
grant select, insert on notice.mandate to tierce_notices;
grant select on registry.insurer, registry.insurer_key to tierce_notices;
grant select on incident.incident, incident.scope, incident.exposed, incident.insurer_count, incident.cohort_controller,
    incident.difference to tierce_notices;
grant select on journal.checkpoint to tierce_notices;
grant usage on schema access to tierce_notices;            -- since when a stolen access is held: a fact of each notice
grant select (level, subject, rung, since, until, lifted) on access.ladder to tierce_notices;
grant select (id, professional) on access.login to tierce_notices;
grant select (staff, expires, revoked) on access.staff_session to tierce_notices;
grant select, insert, update (document, draft) on notice.insurer_notice to tierce_notices;
grant select, insert, update (ended_at) on notice.contact_point to tierce_notices;
grant select, insert, update (tries, next_try, sent_at, failed) on notice.warning to tierce_notices;
grant select on notice.acknowledgement, notice.recipient, notice.report, notice.told_count, notice.taken
    to tierce_notices;
grant execute on function notice.register_head, notice.note_received to tierce_notices;   -- one row: an acknowledgement
grant select, insert on notice.hand_over, notice.hand_over_piece to tierce_notices;
grant select on notice.mandate, notice.contact_point, notice.warning, notice.acknowledgement, notice.hand_over, notice.taken,
    notice.report, notice.told_count to tierce_office;
grant select (id, insurer, recipient, proposed_name, proved_at, confirmed_name, confirmed_at, vouched_at)
    on notice.recipient to tierce_office;
grant update (vouched_at, vouched_by, vouched_name, spoken_with, vouched_entry) on notice.recipient to tierce_office;
grant usage on schema notice to tierce_insurers;
grant execute on function notice.own_requests, notice.take_slip, notice.reply_request to tierce_insurers;
grant execute on function notice.own_notices, notice.acknowledge, notice.own_chain, notice.own_hand_overs, notice.take,
    notice.piece, notice.own_reports, notice.report_in, notice.own_recipients, notice.propose_recipient,
    notice.prove_recipient, notice.confirm_recipient to tierce_insurers;

-- Counts of audiences of millions: made by notices, read by pages
grant execute on function notice.told to tierce_notices;
grant select, insert, update on notice.counted to tierce_notices;
grant select on notice.counted to tierce_office, tierce_inspector;

-- Persons told at a first look-up, who asked for it: their sealed addresses, and never a journal line
grant select, insert, update on notice.wish_key to tierce_notices;
grant select, update (begun, due, attempts, sent, ended, ended_why, sealed, code) on notice.wish to tierce_notices;
grant select, update (due, begun, ended, how, code) on notice.first_look to tierce_notices;
grant execute on function notice.find_first_looks, notice.begin_first_look to tierce_notices;

-- Requests sent on to insurers: a slip to each one's key
grant execute on function notice.slips_to_make to tierce_notices;
grant insert on notice.request_slip to tierce_notices;

-- Messages to people: notices freezes audiences, tries, prints and counts; office writes, approves, stops. Office reads
-- where each item stands and never whom it is for -------------------------------------------------------------------
grant usage on schema directory to tierce_notices;
grant select on incident.exposed_professional, incident.cohort to tierce_notices;
grant select (id, given_name, family_name) on directory.professional to tierce_notices;
grant select on directory.contact to tierce_notices;
grant select, insert on notice.audience, notice.item_pair, notice.step to tierce_notices;
grant temporary on database :"database" to tierce_notices;   -- an audience is sorted in tables of its own transaction
grant select, insert, update (state, why, attempts, due, batch) on notice.item to tierce_notices;
grant select, insert on notice.letter_batch to tierce_notices;
grant execute on function notice.advance, notice.come_back, incident.last_changed to tierce_notices;
grant select on notice.message, notice.approval, notice.stop, incident.secrecy to tierce_notices;
grant select on notice.audience to tierce_office;
grant select (audience, number, cohort, channel, language, represented, state, why, attempts, due, batch) on notice.item
    to tierce_office;
grant select (audience, insurer, cohort, item, why) on notice.item_pair to tierce_office;
grant select on notice.step to tierce_office;
grant select, insert on notice.message, notice.approval to tierce_office;
grant select, insert, update (lifted_at, lifted_by) on notice.stop to tierce_office;
grant select on notice.letter_batch to tierce_office;
grant execute on function notice.take_batch, notice.post_batch, notice.come_back, notice.untold to tierce_office;
grant select, insert, update on directory.contact to tierce_office;

-- Accounts of establishments: nobody but billing reads what is sealed, and nobody writes a row but by a function --------
grant usage on schema bank to tierce_api, tierce_office, tierce_feed, tierce_notices;
grant execute on function bank.own, bank.stopped, bank.ask, bank.stop to tierce_api;
grant execute on function bank.take to tierce_feed;
grant select (id, establishment, copy, country, tail, holder, state, why, said, origin, professional, asked, due, since, ended,
    ended_by, stopped_by) on bank.account to tierce_office;
grant select on bank.confirmation to tierce_office;
grant select (account, professional, what, at, due, latest, times, attempts, ended, how, settled) on notice.own_mail
    to tierce_office;   -- who was told, of what; never at which address
grant execute on function bank.oddities, bank.needed, bank.suspended, bank.confirm, bank.refuse to tierce_office;
grant select (id, establishment, sealed, country, tail, holder, state, asked, due, since, twin), update (sealed, twin)
    on bank.account to tierce_billing;   -- sealed again when its key is replaced
grant execute on function bank.examined, bank.put_in_force to tierce_billing;
grant select (id, establishment, country, tail, asked, due) on bank.account to tierce_notices;
grant select, update (due, begun, ended, how, code) on notice.own_mail to tierce_notices;
grant execute on function notice.begin_own_mail to tierce_notices;

-- What was set aside of messages: named and counted without anybody; notices alone takes one up
grant usage on schema notice to tierce_upkeep;
grant execute on function notice.aside, notice.take_up, notice.other_of, notice.other_came_back to tierce_notices;
grant execute on function notice.aside to tierce_office;
grant execute on function notice.aside_counts to tierce_upkeep;
grant select (id, name) on directory.establishment to tierce_notices;

-- billing: decides on invoices and agreements. Of a person it reads what covers her, while one in her name waits; no civil status,
-- no NIR, no ask ------------------------------------------------------------
grant usage on schema care, registry, bank to tierce_billing;
grant select on registry.tariff, registry.benefit, registry.product, registry.insurer, registry.insurer_key to tierce_billing;
grant execute on function journal.register, journal.next_block, journal.append to tierce_billing;
grant select on care.invoice, care.invoice_line, care.agreement, care.agreement_line to tierce_billing;
grant execute on function care.take_up_agreement, care.cover_of_agreement, care.reserved, care.decide_agreement, care.end_agreement,
    care.refuse_unanswered, care.deposited_of_agreement
    to tierce_billing;
grant execute on function care.take_up_invoice, care.decide_invoice, care.cover_of_waiting, care.goes_before, care.beside_by_pair, care.alike_beside,
    care.deposited,
    registry.contract_ended, registry.contracts_ended
    to tierce_billing;
grant execute on function care.note_undecided, care.recovered_whole to tierce_billing;
grant select on care.refusal_word to tierce_office;
grant execute on function care.undecided, care.refuse_undecided, care.alike_shown to tierce_office;
grant usage on schema upkeep to tierce_billing;
grant execute on function upkeep.billing_lives to tierce_billing;
grant execute on function upkeep.oldest_invoice to tierce_upkeep;

-- Grouped transfers: `billing` gathers and files, staff say when, and whoever is paid reads her own -----------------------
grant select on bank.batch to tierce_billing;
grant execute on function bank.to_prepare, bank.payable, bank.prepare, bank.take_up_batch, bank.filed, bank.file_again
    to tierce_billing;
grant select on bank.batch, bank.transfer, bank.word to tierce_office;
grant execute on function bank.say, bank.waiting to tierce_office;
grant select (id, batch, amount, state, why) on bank.transfer to tierce_billing;
grant select on bank.reply, bank.reply_file to tierce_billing, tierce_office;
grant execute on function bank.keep_replies to tierce_billing;
grant select on bank.recovery, bank.recovery_word to tierce_office;
grant execute on function bank.open_recovery, bank.say_recovery, bank.taken_of, bank.stands, bank.unsettled to tierce_office;
grant execute on function bank.own_recoveries to tierce_api;
grant execute on function upkeep.unanswered to tierce_upkeep;
grant execute on function bank.own_transfers, bank.own_paid to tierce_api;

-- Insurers that keep their people themselves: `api` asks, and writes what came of it; declared by hand; read in counts --------
grant execute on function gate.remote_seen, gate.mint, gate.settle_asked, gate.unsettled, gate.remote_says,
    gate.answered_seen, gate.reveal_answered to tierce_api;
grant select (seq, insurer, person, sealed), update (sealed) on coverage.answered to tierce_feed;   -- sealed again, when a key is replaced
grant select (insurer, url, public_key, ended) on registry.remote to tierce_api;
grant select (insurer, ended) on registry.remote to tierce_feed;
grant select (seq) on care.asking to tierce_office;   -- asks without an answer yet: a list of people exposed counts them
grant execute on function registry.declare_remote, registry.end_remote to tierce_upkeep;
grant select on registry.remote, registry.remote_state, registry.remote_day to tierce_upkeep, tierce_office;

-- Look-up keys (docs/adr/0120): processes that look people up learn which generation is in force; the import role replaces.
grant usage on schema gate to tierce_feed, tierce_upkeep;
grant select on gate.lookup to tierce_api, tierce_persons, tierce_feed, tierce_upkeep, tierce_worker;
grant execute on function gate.prove_first to tierce_api, tierce_feed, tierce_worker;
grant update (generation, oldest, step, proof, before, at_idx, at_person, since) on gate.lookup to tierce_feed;
grant select, update (idx) on person.asked, person.former_key to tierce_feed;
