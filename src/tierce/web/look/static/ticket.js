// Has the session's ticket replaced: by the key of this browser, which signs what the site draws for it, once.
// On a page that stays open, in time; before a form leaves; and on the page that stands for one asked for too late.

"use strict";

// A block, so that no name here is one of another script of the page.
{
  const RENEWED = "tierce-renewed";
  const AGAIN = "tierce-asked-again";
  const LOOK_EVERY_MS = 10_000;
  const AT_ONCE_MS = 5_000;
  const TRIES = 3;
  const ANSWERED_MS = 5_000; // a form that waits for a ticket leaves without one then

  const kept = document.getElementById("ticket").dataset;
  let stopped = false;
  let underWay = null;

  function timeIn(storage, name) {
    const at = Number(storage.getItem(name) ?? 0);
    return at <= Date.now() ? at : 0;
  }

  const send = (path, body, headers = {}) =>
    fetch(path, {
      method: "POST",
      body,
      headers: { ...headers, "content-type": "application/json" },
      signal: AbortSignal.timeout(ANSWERED_MS),
    });

  const outcomeOf = (answer) => (answer.status === 401 ? "over" : "away");

  // Another page of the site may have asked meanwhile: a challenge that serves no more is asked for again.
  async function signChallenges(key) {
    for (let left = TRIES; left > 0; left -= 1) {
      const asked = await send("/session/challenge", "{}");
      if (!asked.ok) return outcomeOf(asked);
      const { challenge, ath, now, url } = await asked.json();
      const body = JSON.stringify({ challenge });
      const proof = await prove(key, url, body, { ath, ahead: aheadOf(now) });
      const told = await send("/session/renew", body, { dpop: proof });
      if (told.ok) {
        localStorage.setItem(RENEWED, String(Date.now()));
        return "yes";
      }
      if (told.status !== 409) return outcomeOf(told);
    }
    return "away";
  }

  async function renewTicket() {
    let key;
    try {
      key = await readKey();
    } catch {
      return "keyless";
    }
    if (!key) return "keyless";
    try {
      return await signChallenges(key);
    } catch {
      return "away";
    }
  }

  const due = () => !stopped && Date.now() >= timeIn(localStorage, RENEWED) + Number(kept.every) * 1000;

  async function renewInTime() {
    if (!due() || document.hidden) return; // shown again, it is
    underWay ??= renewTicket();
    const outcome = await underWay;
    underWay = null;
    stopped = outcome === "over" || outcome === "keyless"; // the next page says so
  }

  function stayOpen() {
    globalThis.renewTicketInTime = renewInTime; // for what leaves a page without a form's own event
    renewInTime();
    setInterval(renewInTime, LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", renewInTime);
    document.addEventListener("submit", async (event) => {
      if (event.defaultPrevented || !due()) return;
      event.preventDefault();
      const { target, submitter } = event;
      if (target.dataset.waits) return;
      target.dataset.waits = "yes";
      await renewInTime();
      delete target.dataset.waits;
      stopped ||= due(); // out of reach: the site answers, and keeps what was typed
      target.requestSubmit(submitter);
    });
  }

  function showTrouble(outcome) {
    document.getElementById("renewing").hidden = true;
    const trouble = document.getElementById(`trouble-${outcome}`);
    trouble.hidden = false;
    document.getElementById("typed").hidden = outcome !== "keyless" && outcome !== "over"; // the others send it yet
    trouble.focus();
  }

  // Ask again for the very address of this page, or send the very form: it leads nowhere else.
  async function askAgain() {
    const outcome = await renewTicket();
    if (outcome !== "yes") return showTrouble(outcome);
    if (Date.now() - timeIn(sessionStorage, AGAIN) < AT_ONCE_MS) return showTrouble("away");
    sessionStorage.setItem(AGAIN, String(Date.now()));
    const whole = document.getElementById("whole");
    if (whole) return HTMLFormElement.prototype.submit.call(whole);
    return kept.asked === "page" ? location.reload() : showTrouble("file");
  }

  if (kept.asked) {
    document.getElementById("again").addEventListener("click", () => {
      document.getElementById("trouble-away").hidden = true;
      document.getElementById("renewing").hidden = false;
      askAgain();
    });
    askAgain();
  } else {
    stayOpen();
  }
}
