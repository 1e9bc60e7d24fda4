// The numpad of a check: types into the field chosen last, and goes on to the next one. Without it people type as usual.
(() => {
  "use strict";
  const pad = document.getElementById("checkpad");
  const fields = [...document.querySelectorAll("[data-pad]")];
  if (!pad || !fields.length) return;
  pad.hidden = false;
  let chosen = fields.find((field) => !field.value) || fields[0];
  const choose = (field) => {
    chosen = field;
    fields.forEach((other) => other.toggleAttribute("data-chosen", other === field));
  };
  choose(chosen);
  fields.forEach((field) => field.addEventListener("focus", () => choose(field)));
  pad.addEventListener("click", (event) => {
    const key = event.target.dataset.key;
    if (!key) return;
    if (key === "C") chosen.value = "";
    else if (key === "B") chosen.value = chosen.value.slice(0, -1);
    else if (key === "N") choose(fields[(fields.indexOf(chosen) + 1) % fields.length]);
    else if (key === "-") chosen.value = chosen.value.startsWith("-") ? chosen.value.slice(1) : `-${chosen.value}`;
    else if (key === "." && chosen.value.includes(".")) return;
    else if (chosen.value.length < chosen.maxLength) chosen.value += key;
  });
})();
