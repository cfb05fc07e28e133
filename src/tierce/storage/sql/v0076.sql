-- The rules that were ever in force, each as the text whose digest journal lines bear: nobody changes or deletes one.
create table upkeep.policy (
    digest bytea primary key check (octet_length(digest) = 16),  -- the first 16 bytes of the text's SHA-256
    text   text not null check (digest = substr(sha256(convert_to(text, 'UTF8')), 1, 16)),
    since  timestamptz not null,                                -- when a worker first ran under them
    entry  bigint not null
);
