// The browser's own key. It is made here, cannot leave this browser, and signs each request (RFC 9449, DPoP).
// The claim `bd` is the digest of the exact body, so that a site cannot ask anything else in its place.

"use strict";

const DATABASE = "tierce";
const STORE = "keys";
const NAME = "portal"; // as the first site that had one called it: another name would be another device
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

function openStore() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, work) {
  const database = await openStore();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const readKey = () => inStore("readonly", (store) => store.get(NAME));

// Two pages may make one at once: the first to be kept is both's.
async function readOrMakeKey() {
  const found = await readKey();
  if (found) return found;
  const made = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
  try {
    await inStore("readwrite", (store) => store.add(made, NAME));
  } catch (error) {
    const first = await readKey();
    if (!first) throw error;
  }
  return readKey();
}

const bytesOf = (text) => new TextEncoder().encode(text);

function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function publicJwk(key) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
  return { kty, crv, x, y };
}

// By how many seconds the site's clock is ahead of this one.
const aheadOf = (now) => Number(now) - Math.floor(Date.now() / 1000);

async function prove(key, url, body, { ath, ahead }) {
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: await publicJwk(key) };
  const claims = {
    htm: "POST",
    htu: url,
    iat: Math.floor(Date.now() / 1000) + ahead,
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    ...(ath ? { ath } : {}), // of the session's handle, where there is one yet
    bd: base64url(await crypto.subtle.digest("SHA-256", bytesOf(body))),
  };
  const signed = [header, claims].map((part) => base64url(bytesOf(JSON.stringify(part)))).join(".");
  return `${signed}.${base64url(await crypto.subtle.sign(SIGNATURE, key.privateKey, bytesOf(signed)))}`;
}
