// What each form of the portal asks, signed by the browser's own key (look/browser_key.js).

"use strict";

const settings = document.getElementById("signing").dataset;
const aheadSeconds = aheadOf(settings.now);

function birthDigits(text) {
  const digits = text.replace(/\D/g, "");
  return digits.length === 8 ? digits.slice(4) + digits.slice(2, 4) + digits.slice(0, 2) : digits;
}

// A proof of presence: her dynamic card, or the word she gave in her own space.
function presenceOf(typed) {
  if (typed("means") === "confirmation") return { presence: { means: "confirmation" } };
  return typed("presence") ? { presence: { means: "card", proof: typed("presence") } } : {};
}

// Cents of « 12,50 »; what is no amount goes as it was typed, to be refused by name; nothing is 0.
function centsOf(text) {
  const compact = text.replace(/\s/g, "").replace(/€$/, "");
  if (!compact) return 0;
  const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(compact);
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : text;
}

function linesOf(fields) {
  const typed = (name) => (fields.get(name) ?? "").trim();
  const lines = [];
  for (let row = 1; fields.has(`item-${row}`); row++) {
    const of = (name) => typed(`${name}-${row}`);
    if (!of("item") && !of("price") && !of("amo") && !of("asked")) continue;
    lines.push({
      item: of("item").toUpperCase(),
      quantity: /^\d{1,4}$/.test(of("quantity")) ? Number(of("quantity")) : of("quantity"),
      price: centsOf(of("price")),
      amo: centsOf(of("amo")),
      asked: centsOf(of("asked")),
    });
  }
  return lines;
}

// What each form asks, as the API's own JSON.
const bodies = {
  async activity(fields) {
    return { activity: Number(fields.get("activity")) };
  },
  async rights(fields) {
    const typed = (name) => (fields.get(name) ?? "").trim();
    const rank = typed("rank");
    const who = typed("way") === "card"
      ? { amc: typed("amc"), ...(typed("csr") ? { csr: typed("csr") } : {}), member_number: typed("member_number") }
      : { nir: typed("nir"), rank: /^[1-9]$/.test(rank) ? Number(rank) : rank };
    return {
      ...who,
      birth_date: birthDigits(typed("birth")),
      ...(typed("payer") === "2" ? { payer: 2 } : {}),
      domain: typed("domain"),
      care_date: typed("care_date"),
      ...(typed("label") ? { label: typed("label") } : {}),
      ...presenceOf(typed),
    };
  },
  async deposit(fields) {
    const text = (name) => fields.get(name).trim();
    return {
      nir: text("nir"),
      birth_date: birthDigits(text("birth")),
      rank: /^[1-9]$/.test(text("rank")) ? Number(text("rank")) : text("rank"),
      amc: text("amc"),
      ...(text("csr") ? { csr: text("csr") } : {}),
      member: text("member"),
      valid_until: text("valid_until"),
      domain: text("domain"),
      care_date: text("care_date"),
      amount: text("amount"),
      request: text("request"),
      ...(text("label") ? { label: text("label") } : {}),
    };
  },
  async revisit() {
    return {};
  },
  async device() {
    return {};
  },
  async account(fields) {
    return { iban: fields.get("iban").trim(), holder: fields.get("holder").trim() };
  },
  async assistant(fields) {
    const typed = (name) => (fields.get(name) ?? "").trim();
    return { family_name: typed("family_name"), given_name: typed("given_name"), last_day: typed("last_day") };
  },
  async code(fields) {
    return { code: fields.get("code").trim() };
  },
  async invoice(fields) {
    const typed = (name) => (fields.get(name) ?? "").trim();
    const number = typed("quotes");
    const other = /^\d{11,19}$/.test(number) ? "agreement" : "engagement";
    const quotes = number.toUpperCase().startsWith("D-") ? "receipt" : other;
    return { [quotes]: number, reference: typed("reference"), care_date: typed("care_date"), lines: linesOf(fields) };
  },
  async agreement(fields) {
    const typed = (name) => (fields.get(name) ?? "").trim();
    const [engagement, reference, kind] = ["quotes", "reference", "kind"].map(typed);
    return { engagement, reference, kind, lines: linesOf(fields) };
  },
  async document(fields) {
    const typed = (name) => (fields.get(name) ?? "").trim();
    const [kind, dated, prescriber, sha256] = ["kind", "dated", "prescriber", "sha256"].map(typed);
    return { kind, dated, sha256, ...(prescriber ? { prescriber } : {}) };
  },
  async why(fields) {
    return { why: fields.get("why").trim() };
  },
  async appeal(fields) {
    return { hold: fields.get("hold"), said: fields.get("said").trim() };
  },
};

function put(form, name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  form.append(input);
}

function showLostKey() {
  const notice = document.getElementById("key-lost");
  notice.hidden = false;
  notice.focus();
}

// Sign, leave out the plain fields, and go on as the form would have gone.
async function signAndSubmit(form) {
  await globalThis.renewTicketInTime?.(); // first: a signature serves for a minute
  const fields = new FormData(form);
  const key = await readKey();
  if (!key && settings.signs === "held") {
    form.submit(); // a deposit without a signature is taken too, and not guaranteed
    return true;
  }
  if (!key) {
    showLostKey();
    return false;
  }
  const body = JSON.stringify(await bodies[form.dataset.sign](fields));
  const proof = await prove(key, form.dataset.url, body, { ath: settings.ath, ahead: aheadSeconds });
  for (const field of form.querySelectorAll("input, select, textarea")) {
    if (field.name !== "form_token") field.disabled = true;
  }
  put(form, "body", body);
  put(form, "proof", proof);
  form.submit();
  return true;
}

for (const form of document.querySelectorAll("form[data-sign]")) {
  form.addEventListener("submit", async (event) => {
    if (settings.signs === "no" || event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const busy = document.getElementById("busy");
    if (busy) busy.textContent = busy.dataset.text;
    let sent = false;
    try {
      sent = await signAndSubmit(form);
    } catch {
      showLostKey();
    } finally {
      if (!sent) {
        button.removeAttribute("aria-disabled");
        if (busy) busy.textContent = "";
      }
    }
  });
}

// A page that comes back from the browser's memory must not keep what was signed before.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

if (settings.signs === "yes" && document.querySelector("form[data-sign]")) {
  readKey().then((key) => key || showLostKey(), showLostKey);
}
