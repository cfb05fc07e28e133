// Takes the digest of a document in this browser. The file is neither sent nor kept: the field has no name, and the form
// carries its digest alone. Without this script the digest is pasted.

"use strict";

const box = document.querySelector("[data-file]");
const digest = document.getElementById("sha256");

async function hexOf(file) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

if (box && digest && globalThis.crypto?.subtle) {
  const input = box.querySelector("input");
  const said = box.querySelector("[role=status]");
  box.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    said.textContent = digest.value = "";
    if (!file) return;
    try {
      const found = await hexOf(file);
      if (input.files[0] !== file) return; // another was chosen meanwhile
      digest.value = found;
      said.textContent = said.dataset.done;
    } catch {
      said.textContent = said.dataset.failed;
    }
  });
}
