-- 0014: every line that a question touches: the establishment's own, and those common to a piece of software, its
-- vendor, a cell and the nation; proofs that give seats back, and that may be withdrawn.

-- An establishment has one line for each profession exercised there, beside the lines of logins and devices: its number
-- is access.place_of. Its state is null until the gate first writes it.
alter table access.line
    alter column login drop not null,
    alter column device drop not null,
    alter column professional drop not null,
    alter column state drop not null,
    add column establishment bigint,
    add column desks smallint not null default 1,   -- professionals enrolled there, counted at each sign-in
    add column cell integer not null default 0,     -- directory.cell_of its establishment and profession
    add column owed bytea,                          -- proofs to be counted when the line is next opened (access.prove)
    add constraint line_owner check ((establishment is null) = (login is not null and device is not null
        and professional is not null and state is not null));

-- What a seat was drawn on besides the line of the login and device; 0: nothing.
alter table access.pair
    add column place bigint not null default 0,
    add column software integer not null default 0,
    add column vendor integer not null default 0,
    add column drawn_day integer not null default 0;   -- of a proved pair: the day of the seat it held; 0: none

-- Proofs of presence already counted: each is used once, and one that is withdrawn undoes what it did and no more.
create table access.presented (
    id        uuid primary key,
    pair      bigint not null,
    grade     smallint not null check (grade between 2 and 4),   -- policy.acts.Presence
    day       integer not null,
    freed     boolean not null,                     -- this proof, and no other, freed the pair's seat
    withdrawn integer                               -- the day, when it was
);
create index presented_day on access.presented (day);

-- Who works with what: from here the lines common to a piece of software, a vendor, a cell and the nation take their size.
create table access.clientele (
    software   integer not null,
    login      bigint not null references access.login on delete cascade,
    profession smallint not null,
    vendor     integer not null,
    cell       integer not null,
    first_day  integer not null,
    last_day   integer not null,
    primary key (software, login, profession)
);
create index clientele_vendor on access.clientele (vendor);
create index clientele_cell on access.clientele (cell);
create index clientele_login on access.clientele (login);

alter table gate.floor
    add column a integer not null default 0,        -- policy.seats.SEATS: seats without proof
    add column top integer not null default 0,      -- and at most
    add column place integer not null default 0;    -- people of a first-time pair a day of one establishment's line

create table gate.common_size (                     -- policy.lines.COMMON
    kind       smallint primary key check (kind in (5, 6, 7, 9)),   -- policy.ladder.Level
    base       integer not null,                    -- seats, however few work with it
    percent    smallint not null                    -- of the sum over its professionals
);
create table gate.common (                          -- lines and pools that many logins share; see gate.lend
    kind       smallint not null references gate.common_size,
    subject    bigint not null,
    day        integer not null,
    weeks      smallint not null default 0,
    a          integer not null default 0,
    top        integer not null default 0,
    limit_now  integer not null default 0,
    freed_256  bigint not null default 0,
    freed_week integer not null default 0,
    today      integer not null default 0,
    seats      integer[] not null default array_fill(0, array[30]),   -- place day % 30 + 1; pools leave them at 0
    counted    timestamptz not null default '-infinity',
    primary key (kind, subject)
) with (fillfactor = 50);
create table gate.given_back (                      -- proofs and withdrawals that a common line has still to count
    n       bigint generated always as identity primary key,
    kind    smallint not null,
    subject bigint not null,
    drawn   integer not null,
    day     integer not null,
    seats   smallint not null,                      -- -1 freed, 1 taken again
    freed   smallint not null
);
create index given_back_line on gate.given_back (kind, subject, n);

-- Whoever is at work keeps working: her establishment gets its line; the next sign-in there counts its desks.
insert into access.line (id, establishment, profession, created_day)
select distinct establishment # (profession::bigint << 55), establishment, profession,
       (now() at time zone 'Europe/Paris')::date - date '1970-01-01'
from directory.activity where active;

-- Functions that have changed shape; those of today are made after this.
drop function if exists gate.open(bigint[], bigint[], uuid[], bigint[], bigint[], uuid[], smallint[], integer[]);
drop function if exists gate.open(bigint[], bigint[], uuid[], bigint[], bigint[], uuid[], smallint[], integer[],
    smallint[], smallint[]);
drop function if exists gate.close(smallint, bytea, bigint[], bytea[], bigint[], smallint[], integer[], bigint[],
    integer[], bigint[], bigint[], integer[], text[], bytea[]);
drop function if exists gate.close(smallint, bytea, bigint[], bytea[], bigint[], smallint[], integer[], bigint[],
    integer[], bigint[], bigint[], bigint[], integer[], text[], bytea[]);
drop function if exists gate.count_floors(bigint[], boolean[], boolean[], boolean[], integer, bigint[], bytea[]);
drop function if exists gate.check_lines(bigint[], bytea[]);
