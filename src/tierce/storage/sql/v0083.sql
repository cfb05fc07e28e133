-- Prior agreements granted subject to documents (docs/adr/0126): which, by which day, and what was declared of each. No document is
-- here: a kind, a date, a prescriber, a digest. Sets of kinds are bits (policy.documents); days since 1970-01-01.
alter table registry.benefit add column documents smallint not null default 0 check (documents between 0 and 7);
alter table care.agreement
    add column documents smallint not null default 0 check (documents between 0 and 7),   -- all that it is subject to
    add column documents_by integer,                -- the last day on which they may be declared; once it is granted subject to them
    add check (state <> 9 or kind = 2 and documents <> 0 and documents_by is not null and until_day is not null);
drop index care.agreement_reserves;
create index agreement_reserves on care.agreement (person, insurer, domain) where state in (3, 5, 8, 9);
create index agreement_subject on care.agreement (documents_by) where state = 9;
create index agreement_documents on care.agreement (insurer, decided desc, id) where documents_by is not null;

create table care.agreement_document (              -- one declaration; a later one of the same kind corrects it, and nothing is changed
    agreement     bigint not null references care.agreement on delete cascade,
    n             smallint not null check (n between 1 and 10),
    kind          smallint not null check (kind between 1 and 3),   -- policy.documents.DocumentKind
    dated         integer not null,                 -- of the document itself
    prescriber    bigint,                           -- directory.professional.id
    digest        bytea not null check (octet_length(digest) = 32), -- of the file, which whoever declared it keeps
    establishment bigint not null,
    professional  bigint not null,                  -- who declared it
    line          bigint not null,
    at            timestamptz not null default now(),
    entry         bigint not null,                  -- its line of the journal
    primary key (agreement, n),
    check ((kind = 1) = (prescriber is not null))
);
create index agreement_document_place on care.agreement_document (establishment, at);
