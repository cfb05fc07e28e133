// Makes the browser's key before it leaves for the provider: the session that opens is bound to it.

"use strict";

// A block, so that no name here is one of another script of the page.
{
  const entering = document.getElementById("entering");

  function showTrouble(id, told) {
    entering.hidden = true;
    const trouble = document.getElementById(id);
    for (const name of told ? ["reason", "remedy", "code"] : []) {
      trouble.querySelector(`[data-told=${name}]`).textContent = told[name];
    }
    trouble.hidden = false;
    trouble.focus();
  }

  async function signed() {
    const { said: body, url, now } = entering.dataset;
    const key = await readOrMakeKey();
    return { body, proof: await prove(key, new URL(url, location.origin).href, body, { ahead: aheadOf(now) }) };
  }

  async function enter() {
    let made;
    try {
      made = await signed();
    } catch {
      return showTrouble("trouble-keyless");
    }
    try {
      const headers = { "content-type": "application/json", dpop: made.proof };
      const answer = await fetch("/sign-in", { method: "POST", headers, body: made.body });
      const told = await answer.json();
      if (!answer.ok) return showTrouble("trouble-told", told);
      return location.replace(told.location); // the way back leads before this page, which would lead on again
    } catch {
      return showTrouble("trouble-away");
    }
  }

  enter();
}
