-- By what a provider says later that a session is over (OpenID Connect Back-Channel Logout): digests of the session's name and of the
-- subject's there. Gone with the longest session.
create table access.vouched (
    realm   text not null,
    session bigint not null,
    sid     bytea,                                 -- none where the provider names no session of its own
    sub     bytea not null,
    at      timestamptz not null default now(),
    primary key (realm, session)
);
create index vouched_sid on access.vouched (realm, sid) where sid is not null;
create index vouched_sub on access.vouched (realm, sub);
create index vouched_at on access.vouched (at);
-- What providers said was over: a token serves once, and a session that is over there opens no more here.
create table access.told_over (
    realm text not null,
    jti   bytea not null,
    sid   bytea,
    at    timestamptz not null default now(),
    primary key (realm, jti)
);
create index told_over_sid on access.told_over (realm, sid) where sid is not null;
create index told_over_at on access.told_over (at);
