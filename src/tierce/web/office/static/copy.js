// Copies a field's text, to be pasted into the authority's service. Without this script the text is selected by hand.
"use strict";
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const told = button.querySelector("[role=status]");
    told.textContent = button.dataset.done;
  });
}
