// Counts down, and asks for another card while the page is looked at: five times, then on demand. Without this script
// the button does the same.

"use strict";

const TIMES = 5;
const COUNT = "tierce-card-renewed";
const card = document.getElementById("card");
const left = document.getElementById("left");
const ends = performance.now() + Number(card.dataset.seconds) * 1000;

function renewed() {
  const from = performance.getEntriesByType("navigation")[0]?.type === "reload" ? TIMES : 0;
  return Math.max(from, Number(sessionStorage.getItem(COUNT) ?? 0));
}

function tick() {
  const seconds = Math.ceil((ends - performance.now()) / 1000);
  if (seconds > 0) {
    left.textContent = card.dataset.left.replace("{n}", String(seconds));
    return;
  }
  clearInterval(timer);
  const times = renewed();
  if (document.visibilityState === "visible" && times < TIMES) {
    sessionStorage.setItem(COUNT, String(times + 1));
    document.getElementById("renew").submit();
    return;
  }
  sessionStorage.removeItem(COUNT);
  card.classList.add("over");
  left.textContent = card.dataset.over;
  left.setAttribute("role", "status");
}

document.getElementById("renew").addEventListener("submit", () => sessionStorage.removeItem(COUNT));
const timer = setInterval(tick, 500);
tick();
