// While the worker computes a line's forecasts, the page shows how far it is; when it is done, the page is shown anew.
(() => {
  "use strict";
  const EVERY_MS = 1500;
  const inUse = () => document.activeElement?.matches("#main input, #main select, #main textarea");
  const look = async () => {
    const place = document.getElementById("forecast-job");
    if (!place?.dataset.working) return;
    const answer = document.hidden ? null : await fetch(place.dataset.working, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("forecast-job");
      if (fresh) place.replaceWith(fresh);
      if (fresh && !fresh.dataset.working && !inUse()) return location.reload();
    }
    setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
})();
