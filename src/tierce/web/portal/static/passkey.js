// An assistant's passkey: made once with a code, then signed with at each sign-in (WebAuthn). The authenticator keeps its
// key and asks whoever holds it for a finger, a face or a PIN; this page only carries what it answers.

"use strict";

const bytesIn = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

function inBase64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const ways = {
  async make(told) {
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: bytesIn(told.challenge),
        rp: { id: told.rp_id, name: document.title },
        user: { id: bytesIn(told.user_id), name: `${told.name}, ${told.establishment_name}`, displayName: told.name },
        pubKeyCredParams: [{ type: "public-key", alg: -8 }, { type: "public-key", alg: -7 }],
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        excludeCredentials: told.exclude.map((id) => ({ type: "public-key", id: bytesIn(id) })),
        attestation: "none",
      },
    });
    const { clientDataJSON, attestationObject } = made.response;
    return { id: made.id, response: { client_data: inBase64url(clientDataJSON), attestation: inBase64url(attestationObject) } };
  },
  async sign(told) {
    const signed = await navigator.credentials.get({
      publicKey: { challenge: bytesIn(told.challenge), rpId: told.rp_id, userVerification: "required" },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = signed.response;
    return {
      id: signed.id,
      response: {
        client_data: inBase64url(clientDataJSON),
        authenticator_data: inBase64url(authenticatorData),
        signature: inBase64url(signature),
        user_handle: userHandle ? inBase64url(userHandle) : "",
      },
    };
  },
};

// What asks for what to sign: of a sign-in, signed by this browser's own key, to which its session will belong.
async function asking(form) {
  const { url, now } = form.dataset;
  const headers = { "content-type": "application/json" };
  if (!url) return { body: JSON.stringify({ code: new FormData(form).get("code") }), headers };
  const proof = await prove(await readOrMakeKey(), url, "{}", { ahead: aheadOf(now) });
  return { body: "{}", headers: { ...headers, dpop: proof } };
}

// Answers what to sign, or says why not.
async function begin(form) {
  const response = await fetch(form.dataset.start, { method: "POST", ...(await asking(form)) });
  const told = await response.json();
  if (response.ok) return told;
  say(`${told.reason} ${told.remedy}`);
  return null;
}

const trouble = document.getElementById("passkey-trouble");

function say(text) {
  trouble.textContent = text;
  trouble.hidden = false;
  trouble.focus();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    if (button.getAttribute("aria-disabled") === "true") return;
    if (!window.PublicKeyCredential) {
      say(trouble.dataset.unsupported);
      return;
    }
    button.setAttribute("aria-disabled", "true");
    trouble.hidden = true;
    try {
      const told = await begin(form);
      if (!told) return;
      form.querySelector("input[name=answer]").value = JSON.stringify(await ways[form.dataset.passkey](told));
      form.submit();
    } catch {
      say(trouble.dataset.failed);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}
