// Names for the parts of Django's admin that its templates leave without one: search boxes and an empty heading.
"use strict";

(function () {
  function nameOf(select) {
    const label = document.querySelector(`label[for="${select.id}"]`);
    if (label) return label.textContent.replace(/[:\s]+$/, "").trim();
    const cell = select.closest("td");
    const table = select.closest("table");
    const heading = cell && table ? table.querySelectorAll("thead th")[cell.cellIndex] : null;
    return heading ? heading.textContent.trim() : select.name;
  }

  function nameAll() {
    for (const select of document.querySelectorAll("select.admin-autocomplete")) {
      const shown = select.nextElementSibling;
      if (!shown || !shown.classList.contains("select2-container")) continue;
      const name = nameOf(select);
      const box = shown.querySelector('[role="combobox"]');
      if (box && !box.hasAttribute("aria-label")) {
        const chosen = select.selectedOptions[0];
        box.removeAttribute("aria-labelledby");
        box.setAttribute("aria-label", chosen && chosen.text.trim() ? `${name}: ${chosen.text.trim()}` : name);
        select.addEventListener("change", () => box.removeAttribute("aria-label"));
      }
      for (const field of shown.querySelectorAll(
        '.select2-search__field:not([aria-label]), .select2-selection__rendered[role="textbox"]:not([aria-label])'
      )) {
        field.setAttribute("aria-label", name);
      }
    }
    for (const field of document.querySelectorAll(".select2-dropdown .select2-search__field:not([aria-label])")) {
      field.setAttribute("aria-label", "Search");
    }
    for (const heading of document.querySelectorAll("th.original:empty")) {
      const text = document.createElement("span");
      text.className = "visually-hidden";
      text.textContent = "Record";
      heading.append(text);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    nameAll();
    new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
  });
})();
