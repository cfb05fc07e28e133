-- A session has its browser's key from the first: the key that signed before it left for its provider, or was there as its assistant's
-- passkey was asked for (docs/adr/0134). An assistant's sign-in that began before is begun again, any other opens a session without one.
alter table access.passkey_challenge add column thumbprint bytea;
