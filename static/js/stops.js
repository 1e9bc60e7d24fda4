// Stops with JavaScript: the bar chooses the time at which a stop is split, and the list tells how many are ticked.
// Without it the time is typed and the boxes are ticked one by one.
(() => {
  "use strict";
  const boxes = [...document.querySelectorAll('input[name="stop"]')];
  const all = document.querySelector("[data-tick-all]");
  const told = document.querySelector("[data-ticked]");
  const count = () => {
    const n = boxes.filter((box) => box.checked).length;
    if (told) {
      told.hidden = !n;
      told.textContent = n === 1 ? told.dataset.one : told.dataset.many.replace("%n", n);
    }
    if (all) {
      all.checked = n > 0 && n === boxes.length;
      all.indeterminate = n > 0 && n < boxes.length;
    }
  };
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); count(); });
  }
  boxes.forEach((box) => box.addEventListener("change", count));
  count();

  const bar = document.querySelector("[data-bar]");
  const field = document.querySelector("[data-cut]");
  if (!bar || !field) return;
  const start = Math.floor(Date.parse(bar.dataset.start) / 1000);
  const lasts = Math.max(2, Math.floor(Number(bar.dataset.lasts)));
  const knife = bar.querySelector(".knife");
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: bar.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: bar.dataset.zone });
  let second = Math.round(lasts / 2);
  const choose = (wanted) => {
    second = Math.min(lasts - 1, Math.max(1, Math.round(wanted)));
    const at = new Date((start + second) * 1000);
    field.value = `${day.format(at)} ${clock.format(at)}`;
    knife.removeAttribute("hidden");
    knife.setAttribute("d", `M${(second / lasts) * 1000} 0V60`);
    bar.setAttribute("aria-valuenow", second);
    bar.setAttribute("aria-valuetext", clock.format(at));
  };
  bar.setAttribute("role", "slider");
  bar.setAttribute("tabindex", "0");
  bar.setAttribute("aria-label", document.querySelector(`label[for="${field.id}"]`).textContent);
  bar.setAttribute("aria-valuemin", "1");
  bar.setAttribute("aria-valuemax", lasts - 1);
  bar.setAttribute("aria-valuenow", second);
  bar.setAttribute("aria-valuetext", clock.format(new Date((start + second) * 1000)));
  const drag = (event) => {
    const box = bar.getBoundingClientRect();
    choose(((event.clientX - box.left) / box.width) * lasts);
  };
  bar.addEventListener("pointerdown", (event) => { bar.setPointerCapture(event.pointerId); drag(event); });
  bar.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
  const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -60, PageUp: 60 };
  bar.addEventListener("keydown", (event) => {
    if (event.key in STEPS) choose(second + STEPS[event.key]);
    else if (event.key === "Home") choose(1);
    else if (event.key === "End") choose(lasts - 1);
    else if (event.key === "Enter" && field.value) field.form.requestSubmit();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    bar.focus();
    bar.scrollIntoView({ block: "nearest" });
  });
})();
