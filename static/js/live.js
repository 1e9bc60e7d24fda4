// The live part of every page: one socket, the last known tiles, and a painter that touches only what changed.
//
// <body data-topics="line:X,work-center:Y"> opens the socket (empty: everything the person may see).
// [data-tile="CODE"] is a tile; inside it [data-f="field"] gets text, [data-bar="field"] a width, [data-ribbon] paths.
// Times come from the server: a kiosk's clock may be wrong by a year. Values are never blanked, they are marked as old.
(() => {
  "use strict";
  const body = document.body;
  if (body.dataset.topics === undefined) return;
  const W = JSON.parse(document.getElementById("live-words").textContent);
  const LINK_STALE_MS = 2600; // beats come every second; with the ticks below the badge shows within 3 s of a break
  const STALE_S = 2.8; // the promise is 3 s: the rest is for the tick
  const OLD_S = 30;
  const RIBBON = { span: 8 * 3600, width: 480, height: 16, shortest: 1.2 };
  const HEIGHTS = { running: 6, slow: 9, setup: 9, planned: 3, waiting: 13, down: 16, no_data: 16 };
  const MINUS = "−";
  const NONE = "–";

  // Server time: performance.now() never jumps, so only an offset is learnt. Messages arrive late, never early: the
  // largest offset is the best; it sinks slowly so that a fast local oscillator cannot make everything look old.
  let offset = null;
  let learntAt = 0;
  const learn = (iso, anew) => {
    const sample = Date.parse(iso) - performance.now();
    const sunk = offset === null || anew ? -Infinity : offset - (performance.now() - learntAt) * 0.0005;
    offset = Math.max(sample, sunk);
    learntAt = performance.now();
  };
  const now = () => performance.now() + (offset ?? Date.now() - performance.now());

  const tiles = new Map();
  let sources = {};
  const dirty = new Set();
  const roots = new Map();
  document.querySelectorAll("[data-tile]").forEach((root) => {
    const list = roots.get(root.dataset.tile) || [];
    const shown = [...root.querySelectorAll("[data-f]")].map((node) => [node, node.dataset.f]);
    const bars = [...root.querySelectorAll("[data-bar]")].map((node) => [node, node.dataset.bar]);
    const icon = root.querySelector(".status use");
    const ribbon = root.querySelector("[data-ribbon]");
    list.push({ root, shown, bars, icon, ribbon });
    roots.set(root.dataset.tile, list);
  });

  // Words
  // Grouped as the server does: browsers and Django know other signs and rules for the same language.
  const number = (value, digits = 0) => {
    if (value === null || value === undefined) return NONE;
    const [whole, part] = (Number(value.toFixed(digits)) + 0).toFixed(digits).split("."); // + 0: never "-0"
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, W.group);
    return part ? grouped + W.decimal + part : grouped;
  };
  const signed = (value, digits = 0) => {
    const text = number(Math.abs(value), digits);
    const zero = Number(Math.abs(value).toFixed(digits)) === 0;
    return zero ? text : (value > 0 ? "+" : MINUS) + text;
  };
  const minutes = (value) => `${signed(value, Math.abs(value) < 10 ? 1 : 0)} ${W.minutes}`;
  const percent = (ratio) => (ratio === null || ratio === undefined ? NONE : String(Math.floor(ratio * 100 + 0.5)));
  const fill = (text, values) => text.replace(/%\((\w+)\)[sd]/g, (_, key) => values[key]).replace("%%", "%");
  const two = (value) => String(value).padStart(2, "0");
  const timer = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    if (s >= 86400) return fill(W.days, { days: Math.floor(s / 86400), hours: Math.floor((s % 86400) / 3600) });
    const rest = `${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
    return s >= 3600 ? `${Math.floor(s / 3600)}:${rest}` : rest;
  };
  const ageText = (s) =>
    s < 120 ? `${Math.floor(s)} s` : s < 7200 ? `${Math.floor(s / 60)} min` : s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;

  // What a tile says now. The clock of a tile stands still while its data is old: a target must not run away from
  // counts that cannot arrive.
  const ageOf = (t) => {
    const asOf = t.source ? sources[t.source]?.as_of || t.as_of : null;
    const own = asOf ? (now() - Date.parse(asOf)) / 1000 : 0;
    return linkState === "stale" ? Math.max(own, sinceMessage() / 1000) : own;
  };
  const limitOf = (t) => Math.max(STALE_S, 2 * (sources[t.source]?.period_s || 0) + STALE_S - 2);
  const levelOf = (t, age) => (age <= limitOf(t) ? "live" : age <= OLD_S ? "stale" : "old");
  const targetAt = (t) => {
    if (t.target === null || t.target === undefined) return null;
    const grown = (t.target_rate_per_s || 0) * Math.max(0, (now() - Date.parse(t.kpi_at)) / 1000);
    return Math.floor(t.target + grown);
  };
  const aheadOf = (t, target) => (target === null || t.ahead === null ? t.ahead : t.ahead - (target - Math.trunc(t.target)));
  const aheadMinOf = (t, ahead) => (ahead !== null && t.target !== null && t.target_rate_per_s ? ahead / t.target_rate_per_s / 60 : t.ahead_min);
  const downMin = (t) => {
    const from = t.shift_start ? Date.parse(t.shift_start) / 1000 : 0;
    const spans = t.ribbon.map(([start, state], i) => (state === "down" ? (t.ribbon[i + 1]?.[0] ?? now() / 1000) - Math.max(start, from) : 0));
    return Math.floor(spans.reduce((sum, s) => sum + Math.max(0, s), 0) / 60);
  };
  const noteOf = (t) => {
    if (t.oee_note || t.oee_low === null || t.oee_high === null) return said(t.oee_note) || "";
    const [low, high] = [percent(t.oee_low), percent(t.oee_high)];
    return low === high ? "" : fill(W.possible, { low, high });
  };
  const said = (text) => {
    const speed = /^([0-9]+) % of ideal speed$/.exec(text || "");
    return speed ? fill(W.speed, { percent: speed[1] }) : W.said[text] || text;
  };
  const texts = {
    word: (t) => said(t.word),
    detail: (t) => said(t.detail),
    timer: (t) => (t.since ? timer((now() - Date.parse(t.since)) / 1000) : ""),
    call: (t) => {
      const c = t.call;
      if (!c) return "";
      const parts = [fill(W.call, c), timer((now() - Date.parse(c.since)) / 1000)];
      return [...parts, c.level && fill(W.callLevel, c), c.by && fill(W.callTaken, c), c.more && fill(W.callMore, c)].filter(Boolean).join(" · ");
    },
    order: (t) => (t.order ? [t.order, t.item_name || t.item].filter(Boolean).join(" · ") : W.noOrder),
    good: (t) => number(t.good),
    scrap: (t) => number(t.scrap),
    target: (t, v) => number(v.target),
    ahead: (t, v) => (v.ahead === null ? NONE : `${signed(v.ahead)} ${W.pieces}` + (v.aheadMin === null ? "" : ` · ${minutes(v.aheadMin)}`)),
    ahead_pcs: (t, v) => (v.ahead === null ? NONE : signed(v.ahead)),
    ahead_min: (t, v) => (v.aheadMin === null ? "" : minutes(v.aheadMin)),
    efficiency: (t, v) => percent(v.target ? t.good / v.target : null),
    down_min: (t) => number(downMin(t)),
    oee: (t) => percent(t.oee),
    availability: (t) => percent(t.availability),
    performance: (t) => percent(t.performance),
    quality: (t) => percent(t.quality),
    note: noteOf,
    age: (t, v) => (!t.source ? (v.level === "live" ? "" : `${W.stale} ${ageText(v.age)}`) : v.level === "live" ? W.live : `${W.stale} ${ageText(v.age)}`),
  };
  const TICKING = ["timer", "call", "target", "ahead", "ahead_pcs", "ahead_min", "efficiency", "age", "down_min"];

  const say = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const compact = (value) => String(Number(value.toFixed(1)));
  const drawRibbon = (ribbon, parts) => {
    const end = now() / 1000;
    const begin = end - RIBBON.span;
    const scale = RIBBON.width / RIBBON.span;
    const drawn = {};
    parts.forEach(([start, state], i) => {
      const until = Math.min(parts[i + 1]?.[0] ?? end, end);
      const left = Math.max(start, begin);
      if (until <= left) return;
      const height = HEIGHTS[state] || RIBBON.height;
      let width = (until - left) * scale;
      if (state === "down" || state === "waiting") width = Math.max(width, RIBBON.shortest);
      const move = `M${compact((left - begin) * scale)} ${RIBBON.height - height}h${compact(width)}v${height}h-${compact(width)}z`;
      drawn[state] = (drawn[state] || "") + move;
    });
    for (const path of ribbon.children) path.setAttribute("d", drawn[path.dataset.s] || "");
  };

  const derived = (t) => {
    const age = ageOf(t);
    const level = levelOf(t, age);
    if (level === "live" || !t.frozen) {
      const target = targetAt(t);
      const ahead = aheadOf(t, target);
      t.frozen = { target, ahead, aheadMin: aheadMinOf(t, ahead) };
    }
    return { ...t.frozen, age, level };
  };
  const paint = (code, ticking) => {
    const t = tiles.get(code);
    if (!t) return;
    const v = derived(t);
    t.late = v.aheadMin !== null && v.aheadMin <= -W.lateMin;
    t.rank = Math.min(W.ranks[t.state] ?? W.ranks.no_data, t.late ? W.behindRank : 99);
    for (const one of roots.get(code) || []) {
      const { root } = one;
      if (root.dataset.age !== v.level) root.dataset.age = v.level;
      if ("late" in root.dataset !== t.late) root.toggleAttribute("data-late", t.late);
      for (const [node, field] of one.shown) if (!ticking || TICKING.includes(field)) say(node, texts[field](t, v));
      if (ticking) continue;
      if (root.dataset.state !== t.state) {
        root.dataset.state = t.state;
        one.icon?.setAttribute("href", `${body.dataset.icons}#${t.state}`);
      }
      for (const [node, field] of one.bars) node.setAttribute("width", compact(Math.min(Math.max(t[field] || 0, 0), 1) * 100));
      if (one.ribbon) drawRibbon(one.ribbon, t.ribbon);
    }
  };
  let asked = false;
  const paintSoon = () => {
    if (asked || document.hidden) return; // a hidden page keeps what changed and paints once when it is seen again
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      dirty.forEach((code) => paint(code, false));
      dirty.clear();
      document.dispatchEvent(new CustomEvent("mes:painted"));
    });
  };

  // The connection as people see it
  const link = document.getElementById("link");
  const banner = document.getElementById("banner");
  const news = document.getElementById("news");
  let linkState = "first";
  let heardAt = performance.now();
  let heardTime = "";
  const sinceMessage = () => performance.now() - heardAt;
  const showLink = (state) => {
    if (linkState === state) return;
    linkState = state;
    body.dataset.link = link.dataset.link = state;
    say(link, state === "live" ? W.linkLive : state === "stale" ? W.linkStale : W.linkFirst);
    if (!banner) return;
    banner.hidden = state !== "stale";
    if (state === "stale") say(banner, W.banner.replace("%s", heardTime || link.dataset.at || NONE));
  };
  const clocks = [...document.querySelectorAll("[data-clock]")].map((node) => {
    const options = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: node.dataset.clock };
    return [node, new Intl.DateTimeFormat("en-GB", options)];
  });
  const clockWithSeconds = clocks[0] && new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: clocks[0][0].dataset.clock });
  const heard = () => {
    heardAt = performance.now();
    heardTime = clockWithSeconds ? clockWithSeconds.format(now()) : "";
    showLink("live");
  };

  // The socket
  let socket = null;
  let boot = null;
  let seq = -1;
  let waitingSince = 0;
  let delay = 500;
  let again = null;
  const resync = () => {
    if (waitingSince) return;
    waitingSince = performance.now();
    socket.send('{"type":"resync"}');
  };
  const takeTile = (code, changes, whole) => {
    const before = tiles.get(code);
    const t = whole ? changes : Object.assign(before, changes);
    t.frozen = null;
    if (before && changes.state === "down" && news) say(news, W.isDown.replace("%s", t.name));
    tiles.set(code, t);
    dirty.add(code);
  };
  const handlers = {
    snapshot(m) {
      learn(m.at, true);
      waitingSince = 0;
      sources = m.sources ?? sources; // a beat brings them within a second
      const gone = new Set(roots.keys());
      for (const [code, tile] of Object.entries(m.tiles)) {
        takeTile(code, tile, true);
        gone.delete(code);
      }
      gone.forEach((code) => {
        tiles.delete(code);
        for (const { root, shown } of roots.get(code)) {
          root.dataset.age = "old";
          for (const [node, field] of shown) if (field === "age") say(node, W.gone);
        }
      });
    },
    tiles(m) {
      for (const [code, changes] of Object.entries(m.d)) if (tiles.has(code)) takeTile(code, changes, false);
    },
    beat(m) {
      sources = m.sources;
    },
    facts() {
      document.dispatchEvent(new CustomEvent("mes:facts"));
    },
    refused(m) {
      say(link, `${m.topic}: ${m.reason}`);
    },
  };
  const receive = (event) => {
    const m = JSON.parse(event.data);
    if (m.type === "refused") return handlers.refused(m);
    learn(m.at, false);
    const step = m.type === "tiles" ? 1 : 0;
    if (m.type !== "snapshot" && (m.boot !== boot || m.seq !== seq + step)) {
      if (m.type === "tiles" && m.boot === boot && m.seq <= seq) return; // seen before the snapshot we have
      return boot === null ? undefined : resync();
    }
    [boot, seq] = [m.boot, m.seq];
    handlers[m.type]?.(m);
    heard();
    paintSoon();
  };
  const open = () => {
    clearTimeout(again);
    again = null;
    waitingSince = performance.now();
    const topics = body.dataset.topics ? `?topics=${encodeURIComponent(body.dataset.topics)}` : "";
    const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws/live/${topics}`);
    socket = mine;
    mine.onopen = () => (delay = 500);
    mine.onmessage = receive;
    mine.onclose = () => {
      if (socket !== mine) return;
      [socket, boot] = [null, null];
      again = setTimeout(open, delay * (0.5 + Math.random()));
      delay = Math.min(delay * 2, 2000); // with the jitter never more than 3 s
    };
  };
  const hurry = () => {
    if (socket || document.hidden) return;
    open();
  };
  const drop = () => {
    const dead = socket;
    if (!dead) return;
    dead.onclose({});
    dead.onmessage = dead.onclose = null;
    dead.close();
  };

  let lastSecond = -1;
  let lastRibbon = performance.now();
  const tick = () => {
    if (sinceMessage() > LINK_STALE_MS) showLink("stale");
    const silent = sinceMessage() > 6000 && waitingSince && performance.now() - waitingSince > 6000;
    if (socket && (silent || (socket.readyState === 1 && sinceMessage() > 10000))) drop(); // half-open connection
    if (document.hidden) return;
    const second = Math.floor(now() / 1000);
    if (second !== lastSecond || linkState === "stale") {
      lastSecond = second;
      clocks.forEach(([node, format]) => say(node, format.format(now())));
      tiles.forEach((_, code) => paint(code, true));
    } else {
      tiles.forEach((t, code) => roots.get(code)?.[0].root.dataset.age !== levelOf(t, ageOf(t)) && paint(code, true));
    }
    if (performance.now() - lastRibbon > 30000) {
      lastRibbon = performance.now();
      tiles.forEach((_, code) => dirty.add(code));
      paintSoon();
    }
  };
  document.addEventListener("visibilitychange", () => {
    hurry();
    if (dirty.size) paintSoon();
  });
  window.addEventListener("online", hurry);
  window.addEventListener("pagehide", () => socket?.close());
  window.addEventListener("pageshow", (event) => event.persisted && hurry());
  window.Mes = { tiles, now, timer, percent, say, words: W };
  setInterval(tick, 200);
  open();
})();
