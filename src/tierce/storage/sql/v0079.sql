-- The ID token of a sign-in, sealed to the handle that its browser alone holds: the provider knows by it whom to forget, once.
alter table access.vouched
    add column hint bytea,
    add check (octet_length(hint) <= 4124);
drop function if exists access.put_vouched(bigint, bytea, bytea);
