// The station with JavaScript: parts of the page are renewed when the machine changes, the numpad types, and a form that
// was sent cannot be sent again by a second tap. Without JavaScript every page works the same by links and forms.
(() => {
  "use strict";
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    // Not disabled: a disabled button would not send its value.
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));

  const pad = document.getElementById("numpad");
  if (pad) {
    const field = document.getElementById("quantity");
    pad.hidden = false;
    pad.addEventListener("click", (event) => {
      const key = event.target.dataset.key;
      if (!key) return;
      if (key === "C") field.value = "";
      else if (key === "B") field.value = field.value.slice(0, -1);
      else if (field.value.length < 6) field.value += key;
    });
  }

  if (navigator.clipboard) {
    document.querySelectorAll("[data-copy]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy).catch(() => null);
        button.setAttribute("aria-busy", "true");
        setTimeout(() => button.removeAttribute("aria-busy"), 600);
      });
    });
  }

  // A scanner types fast and ends with Enter, wherever the page's focus is: what it read goes to the scan field.
  const QUICK_MS = 50;
  const scan = document.getElementById("scan");
  let read = "";
  let readAt = 0;
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!scan || field || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.timeStamp - readAt > QUICK_MS) read = "";
    readAt = event.timeStamp;
    if (event.key.length === 1) read += event.key;
    else if (event.key === "Enter" && read.length >= 3) {
      event.preventDefault(); // else the button that has the focus would be pressed
      scan.value = read;
      scan.form.requestSubmit();
    }
  });

  // Who is recognised here, and for how long.
  const tick = async () => {
    const left = document.querySelector("[data-left]");
    if (!left) return;
    left.dataset.left = Math.max(0, left.dataset.left - 1);
    left.textContent = left.textContent.replace(/\d+/, left.dataset.left);
    if (left.dataset.left !== "0") return;
    left.removeAttribute("data-left");
    const answer = await fetch(location.href).catch(() => null);
    const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("identity");
    if (fresh) document.getElementById("identity")?.replaceChildren(...fresh.childNodes);
  };
  setInterval(tick, 1000);

  const station = document.querySelector("[data-station]");
  if (!station || !window.fetch) return;
  const EVERY_MS = 3000; // counts may change every second; the card need not
  let shown = null;
  let asked = 0;
  let waiting = null;
  const signature = () => {
    const t = window.Mes?.tiles.get(station.dataset.station);
    return t ? [t.state, t.detail, t.needs_reason, t.order, t.good, t.scrap].join("|") : null;
  };
  const busy = (part) => part.contains(document.activeElement) || part.querySelector("details[open], [data-sent]");
  const renew = async () => {
    waiting = null;
    asked = Date.now();
    const response = await fetch(location.pathname, { headers: { "X-Part": "station" } }).catch(() => null);
    if (!response || !response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    document.querySelectorAll("[data-swap]").forEach((part) => {
      const other = fresh.getElementById(part.id);
      if (other && !busy(part) && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
    });
  };
  document.addEventListener("mes:painted", () => {
    const now = signature();
    if (now === null || now === shown) return;
    const first = shown === null;
    shown = now;
    if (first || waiting) return;
    waiting = setTimeout(renew, Math.max(0, asked + EVERY_MS - Date.now()));
  });
})();
