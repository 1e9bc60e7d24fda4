// Pages of past figures look again when somebody corrected the past: the page is fetched anew and its main part replaced.
//
// <body data-fresh="line:X"> says whose figures stand here (empty: everything the person may see). Nobody's typing is
// lost: while a form of the page is in use, a notice with a link stands there instead. With <… data-fresh-calls> the page
// also looks again when a call of a machine changes: the live tiles carry them.
(() => {
  "use strict";
  const body = document.body;
  const main = document.getElementById("main");
  let waiting = null;
  let touched = false;
  main.addEventListener("input", () => (touched = true));

  const inUse = () => touched || main.querySelector("dialog[open]") || document.activeElement?.matches("#main input, #main select, #main textarea");
  const notice = () => {
    if (main.querySelector("[data-fresh-notice]")) return;
    const said = document.getElementById("fresh-notice").content.firstElementChild.cloneNode(true);
    said.dataset.freshNotice = "";
    said.querySelector("a").href = location.href;
    main.prepend(said);
  };
  const look = async () => {
    waiting = null;
    if (inUse()) return notice();
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
    if (!answer?.ok || answer.redirected || inUse()) return notice();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    if (!fresh) return notice();
    const opened = [...main.querySelectorAll("details")].map((node) => node.open);
    main.replaceChildren(...fresh.childNodes);
    [...main.querySelectorAll("details")].forEach((node, index) => (node.open = opened[index] ?? node.open));
    document.dispatchEvent(new CustomEvent("mes:fresh"));
  };
  // Corrections come in bursts: one look a moment after the last word of a burst is enough.
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 300);
  };
  document.addEventListener("mes:facts", soon);
  if (body.dataset.topics !== undefined) return; // live.js has the socket of this page and says it

  let delay = 500;
  let missed = false;
  const open = () => {
    const topics = body.dataset.fresh ? `?topics=${encodeURIComponent(body.dataset.fresh)}` : "";
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws/live/${topics}`);
    let heardAt = performance.now();
    const watch = setInterval(() => performance.now() - heardAt > 10000 && socket.close(), 2000);
    socket.onmessage = (event) => {
      heardAt = performance.now();
      if (event.data.startsWith('{"type": "facts"')) return soon();
      if (body.dataset.freshCalls !== undefined && event.data.startsWith('{"type":"tiles"')) {
        if (Object.values(JSON.parse(event.data).d).some((changes) => "call" in changes)) soon();
      }
      if (missed && event.data.startsWith('{"type":"snapshot"')) soon(); // what was said meanwhile nobody heard
      missed = false;
      delay = 500;
    };
    socket.onclose = () => {
      clearInterval(watch);
      missed = true;
      setTimeout(open, delay * (0.5 + Math.random()));
      delay = Math.min(delay * 2, 2000);
    };
    window.addEventListener("pagehide", () => socket.close(), { once: true });
  };
  open();
})();
