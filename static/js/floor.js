// The floor's header row, filter chips and order. Filters live in the address; nothing moves under a pointer or a focus.
(() => {
  "use strict";
  const { tiles, now, timer, percent, say, words } = window.Mes;
  const grid = document.getElementById("grid");
  const groups = [...grid.querySelectorAll("[data-group]")];
  const chips = [...document.querySelectorAll("[data-filter]")];
  const sorter = document.querySelector("[data-sort]");
  const sums = Object.fromEntries([...document.querySelectorAll("[data-sum]")].map((node) => [node.dataset.sum, node]));
  let address = new URLSearchParams(location.search);

  const passes = (t, key) => !key || !(key in words.ranks || key === "needs") || (key === "needs" ? t.rank <= words.behindRank : t.state === key);

  const summarise = () => {
    const all = [...tiles.values()];
    const known = all.filter((t) => t.oee !== null && t.shift_start);
    const weight = (t) => Math.max(0, Date.parse(t.kpi_at) - Date.parse(t.shift_start));
    const total = known.reduce((sum, t) => sum + weight(t), 0);
    say(sums.oee, percent(total ? known.reduce((sum, t) => sum + t.oee * weight(t), 0) / total : null));
    say(sums.known, String(known.length));
    say(sums.down, String(all.filter((t) => t.state === "down").length));
    say(sums.waiting, String(all.filter((t) => t.state === "waiting").length));
    say(sums.late, String(all.filter((t) => t.late).length));
    const oldest = all.filter((t) => t.needs_reason && t.since).sort((a, b) => Date.parse(a.since) - Date.parse(b.since))[0];
    say(sums.oldest, oldest ? `${oldest.name} · ${timer((now() - Date.parse(oldest.since)) / 1000)}` : words.none);
    if (oldest) sums.oldest.setAttribute("href", oldest.href);
    else sums.oldest.removeAttribute("href");
    chips.forEach((chip) => say(chip.querySelector("b"), String(all.filter((t) => passes(t, chip.dataset.filter)).length)));
  };

  const inUse = () => grid.matches(":hover") || grid.contains(document.activeElement);
  const reorder = (parent, nodes) => {
    nodes.forEach((node, index) => {
      if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] || null);
    });
  };
  const arrange = (asked) => {
    if (!tiles.size || (!asked && inUse())) return;
    const key = address.get("state") || "";
    const byTrouble = address.get("sort") === "needs";
    const place = new Map([...tiles.keys()].map((code, index) => [code, index])); // a snapshot comes in plant order
    const rank = (card) => tiles.get(card.dataset.tile)?.rank ?? 0;
    const order = (a, b) => (byTrouble ? rank(a) - rank(b) : 0) || place.get(a.dataset.tile) - place.get(b.dataset.tile);
    const worst = new Map();
    groups.forEach((group) => {
      const mine = [...group.querySelectorAll("[data-tile]")].sort(order);
      reorder(group.querySelector(".tiles"), mine);
      worst.set(group, mine[0]);
      mine.forEach((card) => {
        const t = tiles.get(card.dataset.tile);
        card.hidden = Boolean(t) && !passes(t, key);
      });
      group.hidden = mine.every((card) => card.hidden);
    });
    reorder(grid, [...groups].sort((a, b) => order(worst.get(a), worst.get(b))));
  };

  const link = (changes) => {
    const next = new URLSearchParams(address);
    Object.entries(changes).forEach(([key, value]) => (value ? next.set(key, value) : next.delete(key)));
    const query = next.toString();
    return query ? `?${query}` : location.pathname;
  };
  const mark = () => {
    const sorted = address.get("sort") === "needs";
    chips.forEach((chip) => {
      chip.toggleAttribute("aria-current", false);
      if ((address.get("state") || "") === chip.dataset.filter) chip.setAttribute("aria-current", "true");
      chip.href = link({ state: chip.dataset.filter });
    });
    sorter.href = link({ sort: sorted ? "" : "needs" });
    if (sorted) sorter.setAttribute("aria-current", "true");
    else sorter.removeAttribute("aria-current");
  };
  const go = (query) => {
    address = new URLSearchParams(query);
    mark();
    arrange(true);
  };
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-filter], [data-sort]");
    if (!chip || !tiles.size || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", chip.href);
    go(location.search);
  });
  window.addEventListener("popstate", () => go(location.search));

  // Arrow keys walk from tile to tile.
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  grid.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || !event.target.matches("h3 a")) return;
    const links = [...grid.querySelectorAll("h3 a")].filter((one) => one.offsetParent);
    links[links.indexOf(event.target) + step]?.focus();
    event.preventDefault();
  });

  let due = 0;
  const settle = () => {
    summarise();
    if (performance.now() < due) return;
    due = performance.now() + 1000;
    arrange(false);
  };
  document.addEventListener("mes:painted", settle);
  setInterval(() => tiles.size && !document.hidden && settle(), 1000);
})();
