-- On what each incident was opened: the account, or the page on which an event without one was entered. Two people who had
-- seen the same cannot both open one, nor a click sent twice.
create table incident.opening (
    incident bigint primary key references incident.incident,
    subject  bigint not null,                       -- an account, or the number that such a page drew
    seen     integer not null check (seen >= 0),    -- incidents of it that whoever opened this one knew of
    unique (subject, seen)
);

-- A list that some people are on no more, as one member of staff asked for it: nothing of it holds before another confirms.
create table incident.smaller_ask (
    incident bigint primary key references incident.incident,
    criteria jsonb not null,
    gone     bigint not null check (gone > 0),      -- of the newest list: pairs, and accounts, that it would not tell of
    why      text not null,
    staff    bigint not null,
    name     text not null,
    at       timestamptz not null,
    entry    bigint not null                        -- its journal line
);
