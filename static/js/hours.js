// The board looks again every minute; fresh.js fetches the page and leaves it alone while somebody types.
(() => {
  "use strict";
  setInterval(() => document.visibilityState === "visible" && document.dispatchEvent(new CustomEvent("mes:facts")), 60000);
})();
