// Small comforts: the NIR in groups, the engagement number to copy, the answer to print. Nothing depends on them.

"use strict";

const GROUPS = [1, 2, 2, 2, 3, 3, 2];

function grouped(text) {
  const compact = text.replace(/[\s.\-]/g, "").toUpperCase();
  let start = 0;
  return GROUPS.map((size) => compact.slice(start, (start += size))).concat(compact.slice(15)).filter(Boolean).join(" ");
}

for (const input of document.querySelectorAll("input[data-nir]")) {
  input.addEventListener("blur", () => { input.value = grouped(input.value); });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    document.getElementById("copied").textContent = button.dataset.done;
  });
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The first field waits for the card; where something is wrong, its summary is read first.
const errors = document.getElementById("errors");
if (errors) errors.focus();
else document.querySelector("[data-first]")?.focus();
