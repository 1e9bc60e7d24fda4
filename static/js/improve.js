// Draws the charts of the losses pages: figures stand in the page as JSON, colours are names of the palette ("@down").
(() => {
  "use strict";
  const light = matchMedia("(prefers-color-scheme: dark)");

  // The palette is light-dark() in CSS; a probe element resolves it to what is shown now.
  const resolver = () => {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    const known = new Map();
    const colour = (name) => {
      if (!known.has(name)) {
        probe.style.color = `var(--${name})`;
        known.set(name, getComputedStyle(probe).color);
      }
      return known.get(name);
    };
    const walk = (value) => {
      if (typeof value === "string") return /^@[a-z_-]+$/.test(value) ? colour(value.slice(1)) : value;
      if (Array.isArray(value)) return value.map(walk);
      if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
      return value;
    };
    return { walk, done: () => probe.remove() };
  };

  const draw = () => {
    const colours = resolver();
    for (const place of document.querySelectorAll("[data-chart]")) {
      const figure = colours.walk(JSON.parse(document.getElementById(place.dataset.chart).textContent));
      if (!figure.data.some((trace) => trace.x.length)) continue;
      place.hidden = false;
      figure.layout.font.family = getComputedStyle(document.body).fontFamily;
      window.Plotly.react(place, figure.data, figure.layout, { displayModeBar: false, responsive: true, doubleClick: false });
      if (place.dataset.linked) continue;
      place.dataset.linked = "true";
      place.on("plotly_click", (event) => {
        const href = event.points[0].customdata;
        if (typeof href === "string" && href.startsWith("/")) location.assign(href);
      });
      place.on("plotly_hover", (event) => place.classList.toggle("leads", Boolean(event.points[0].customdata)));
    }
    colours.done();
  };

  draw();
  light.addEventListener("change", draw);
  document.addEventListener("mes:fresh", draw); // fresh.js put a new main part in the place of the drawn one
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
