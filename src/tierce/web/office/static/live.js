// Refreshes the live list by asking for its rows again; without scripts the page reloads itself.
"use strict";

const PERIOD_MS = 2000;
const live = document.getElementById("live");
const lost = document.getElementById("lost");
const pause = document.getElementById("pause");
let stopped = false;
let failures = 0;

async function refresh() {
  if (stopped || document.hidden || live.contains(document.activeElement)) {
    return; // A reader who is on a row keeps it.
  }
  try {
    const answer = await fetch(live.dataset.from, { credentials: "same-origin" });
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    live.innerHTML = await answer.text();
    failures = 0;
    lost.textContent = "";
  } catch {
    failures += 1;
    if (failures > 2) {
      lost.textContent = lost.dataset.lost;
    }
  }
}

pause.hidden = false;
pause.addEventListener("click", () => {
  stopped = !stopped;
  pause.textContent = stopped ? pause.dataset.resume : pause.dataset.pause;
});
setInterval(refresh, PERIOD_MS);
