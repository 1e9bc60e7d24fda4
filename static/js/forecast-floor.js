// Puts the forecasts of lines where [data-forecast-of] stands: after the page is painted, and again every minute.
//
// <… data-forecasts="address"> says where from; all lines come with one answer. What did not change is left alone.
(() => {
  "use strict";
  const EVERY_MS = 60000;
  const address = document.querySelector("[data-forecasts]")?.dataset.forecasts;
  if (!address) return;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const place of document.querySelectorAll("[data-forecast-of]")) {
      const fresh = page.querySelector(`[data-forecast-of="${CSS.escape(place.dataset.forecastOf)}"]`);
      if (fresh && fresh.innerHTML !== place.dataset.shown && !place.contains(document.activeElement)) {
        place.dataset.shown = fresh.innerHTML;
        place.replaceChildren(...fresh.childNodes);
      }
    }
  };
  const begin = () => setTimeout(look, 300);
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("mes:fresh", look); // the page's main part was replaced
})();
