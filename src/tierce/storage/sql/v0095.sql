-- A session has its browser's key from the first: the key that signed before it left for its provider, or was there as its assistant's
-- passkey was asked for (docs/adr/0134). Sign-ins that began before are begun again.
alter table access.passkey_challenge add column thumbprint bytea;
delete from access.pending where realm = 'psc';
delete from access.passkey_challenge where assistant is null;
