// Light or dark per device: applies the stored choice before the first paint and serves the buttons that change it.
(() => {
  const root = document.documentElement;
  const apply = (choice) => (choice ? (root.dataset.theme = choice) : delete root.dataset.theme);
  const mark = () =>
    document.querySelectorAll("[data-set-theme]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === (root.dataset.theme || "")));
    });
  try {
    apply(localStorage.getItem("mes-theme"));
  } catch {
    // Storage is blocked: the device's own preference rules.
  }
  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-set-theme]");
    if (!button) return;
    apply(button.dataset.setTheme);
    mark();
    try {
      localStorage.setItem("mes-theme", button.dataset.setTheme);
    } catch {
      // The choice lasts until the next page then.
    }
  });
})();
