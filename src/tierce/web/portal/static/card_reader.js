// Reads a dynamic card with the camera, on the pages that may use it and in browsers that read codes by themselves; in
// the others the button stays hidden, and the card is pasted or its eight digits typed. The picture never leaves the browser.

const CARD = /^[A-Z2-7]{154}$/;
const LOOK_MS = 150;
const GIVE_UP_MS = 60_000;

async function readsCodes() {
  const own = globalThis.BarcodeDetector;
  return own !== undefined && (await own.getSupportedFormats()).includes("qr_code");
}

function wire(box) {
  const field = document.getElementById("presence");
  const start = box.querySelector("[data-start]");
  const stop = box.querySelector("[data-stop]");
  const view = box.querySelector("video");
  const said = box.querySelector("[role=status]");
  let stream = null;

  function end(text) {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    view.srcObject = null;
    view.hidden = true;
    stop.hidden = true;
    start.hidden = false;
    said.textContent = text;
  }

  async function look(detector, until) {
    while (stream && performance.now() < until) {
      const found = view.readyState >= 2 ? await detector.detect(view) : [];
      const card = found.map((code) => code.rawValue.trim()).find((text) => CARD.test(text));
      if (card && stream) {
        field.value = card;
        end(box.dataset.read);
        field.focus();
        return;
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    if (stream) end(box.dataset.nothing);
  }

  start.addEventListener("click", async () => {
    start.hidden = true;
    stop.hidden = false;
    said.textContent = box.dataset.wait;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      view.srcObject = stream;
      view.hidden = false;
      await view.play();
      said.textContent = box.dataset.aim;
      await look(new BarcodeDetector({ formats: ["qr_code"] }), performance.now() + GIVE_UP_MS);
    } catch {
      end(box.dataset.refused);
    }
  });
  stop.addEventListener("click", () => end(""));
  start.hidden = false;
}

if (navigator.mediaDevices?.getUserMedia && (await readsCodes())) {
  for (const box of document.querySelectorAll("[data-camera]")) wire(box);
}
