-- Indexes of tables of years, built after an upgrade's transaction while their tables are read and written, each by itself.
-- None of them holds a rule: until one is there, what it finds is found by reading the whole table.

-- What is asked by page, by minute or by night (docs/adr/0065).
-- An account's activities: read at each sign-in, and settled when she leaves the directory. Since substitutions have activities
-- of their own, the unique index on (professional, establishment, profession) is of the others alone, and served neither.
create index concurrently if not exists activity_professional on directory.activity (professional);
-- Who used a device: a page of holds, a lift, and the end of a device, whose foreign keys look for it here.
create index concurrently if not exists line_device on access.line (device) where device is not null;
create index concurrently if not exists device_name_device on access.device_name (device);
create index concurrently if not exists person_report_at on notice.person_report (at);
-- What the worker forgets each minute.
create index concurrently if not exists answer_at on presence.answer (at);
create index concurrently if not exists deposit_sealed on care.deposit (received) where sealed is not null;
-- Sessions past their time, by their beginning: none lasts more than some hours, and nothing rewrites it.
create index concurrently if not exists staff_session_created on access.staff_session (created);
create index concurrently if not exists person_session_created on access.person_session (created);
create index concurrently if not exists insurer_session_created on access.insurer_session (created);

-- A professional's lines, and which of them are of one place: of the others the index alone is read (gate.own_asks). It has the
-- order of the one that it replaces, so that whatever was found by that is found by it, and a line writes as many as before.
create index concurrently if not exists entry_own on journal.entry (professional, seq, journal.u64(body, 24));
drop index concurrently if exists journal.entry_professional;

-- Answers past their time (docs/adr/0078): by the day until which they are quoted, and labels in the order in which they were
-- typed. An answer is written once, and both indexes grow at one end.
create index concurrently if not exists engagement_until on care.engagement (until_day);
-- What was decided for one insurer, by month: its own page of payments reads the index alone.
create index concurrently if not exists invoice_decided on care.invoice (insurer, decided) include (state, asked, due)
    where decided is not null;
-- Invoices past their time: of those that end unpaid by their end, of those that were paid, which stay for longer, by the day of care.
create index concurrently if not exists invoice_over on care.invoice (greatest(at, decided, cancelled)) where state in (3, 4);
create index concurrently if not exists invoice_paid on care.invoice (care_day) where state = 6;
-- What was asked before care in somebody's name: her own page.
create index concurrently if not exists agreement_person on care.agreement (person, at desc);
create index concurrently if not exists engagement_labelled on care.engagement (seq) where label is not null;
-- Sessions of assistants: few of all.
create index concurrently if not exists session_assistant on access.session (assistant) where assistant is not null;
