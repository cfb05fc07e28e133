// Reads a dynamic card with the camera, on the pages that may use it. Where the browser reads codes by itself the picture
// stays in it; elsewhere its middle, in grey, goes to the portal, which reads it and keeps nothing. Without a camera the
// button stays hidden, and the card is pasted or its eight digits typed.

const CARD = /^[A-Z2-7]{154}$/;
const LOOK_MS = 150;
const SEND_MS = 350;
const GIVE_UP_MS = 60_000;
const SIDE = 480; // of the square that the portal reads: portal/reading.py

async function readsCodes() {
  const own = globalThis.BarcodeDetector;
  return own !== undefined && (await own.getSupportedFormats()).includes("qr_code");
}

function ownReader() {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (view) => (await detector.detect(view)).map((code) => code.rawValue.trim());
}

function portalReader(token) {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const drawn = canvas.getContext("2d", { willReadFrequently: true });
  return async (view) => {
    const side = Math.min(view.videoWidth, view.videoHeight);
    const [left, top] = [(view.videoWidth - side) / 2, (view.videoHeight - side) / 2];
    drawn.drawImage(view, left, top, side, side, 0, 0, SIDE, SIDE);
    const { data } = drawn.getImageData(0, 0, SIDE, SIDE);
    const grey = new Uint8Array(SIDE * SIDE);
    for (let at = 0; at < grey.length; at++) {
      grey[at] = (77 * data[4 * at] + 150 * data[4 * at + 1] + 29 * data[4 * at + 2]) >> 8;
    }
    const headers = { "content-type": "application/octet-stream", "x-form-token": token };
    const answer = await fetch("/ask/picture", { method: "POST", headers, body: grey });
    if (!answer.ok) throw new Error("not read");
    return answer.status === 200 ? [(await answer.json()).card] : [];
  };
}

function wire(box, alone) {
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

  async function look(read, until) {
    while (stream && performance.now() < until) {
      const found = view.readyState >= 2 ? await read(view) : [];
      const card = found.find((text) => CARD.test(text));
      if (card && stream) {
        field.value = card;
        end(box.dataset.read);
        field.focus();
        return;
      }
      await new Promise((done) => setTimeout(done, alone ? LOOK_MS : SEND_MS));
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
    } catch {
      end(box.dataset.refused);
      return;
    }
    said.textContent = alone ? box.dataset.aim : box.dataset.aimSent;
    try {
      const token = box.closest("form").elements.form_token.value;
      await globalThis.renewTicketInTime?.();
      await look(alone ? ownReader() : portalReader(token), performance.now() + GIVE_UP_MS);
    } catch {
      end(box.dataset.nothing);
    }
  });
  stop.addEventListener("click", () => end(""));
  start.hidden = false;
}

if (navigator.mediaDevices?.getUserMedia) {
  const alone = await readsCodes();
  for (const box of document.querySelectorAll("[data-camera]")) wire(box, alone);
}
