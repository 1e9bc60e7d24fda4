// An entry that could not be sent is kept in this browser, shown as not sent, and sent again with the same key until it is
// answered. Forms with data-keep only: sending one of them twice is harmless. Without JavaScript the browser itself asks.
(() => {
  "use strict";
  const words = document.getElementById("unsent-words");
  if (!words || !window.fetch || !window.localStorage) return;
  const KEPT = "mes.entries";
  const AGAIN_MS = 5000;
  const WAIT_MS = 10000;
  const who = words.dataset.who;
  const main = document.getElementById("main");
  const kept = () => {
    try {
      return JSON.parse(localStorage.getItem(KEPT)) || [];
    } catch {
      return [];
    }
  };
  const store = (entries) => localStorage.setItem(KEPT, JSON.stringify(entries));
  const change = (id, fields) => store(kept().map((entry) => (entry.id === id ? { ...entry, ...fields } : entry)));
  const drop = (id) => store(kept().filter((entry) => entry.id !== id));
  const element = (tag, text, className) => Object.assign(document.createElement(tag), { textContent: text, className: className || "" });

  const post = async (url, fields, how) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    const body = new URLSearchParams(fields.map(([name, value]) => (name === "csrfmiddlewaretoken" && token ? [name, token] : [name, value])));
    const answer = await fetch(url, { method: "POST", body, headers: { "X-Entry": how }, signal: AbortSignal.timeout(WAIT_MS) }).catch(() => null);
    return answer && answer.status < 500 ? answer : null; // nobody answered: it is not sent
  };
  const isJson = (answer) => (answer.headers.get("Content-Type") || "").startsWith("application/json");
  const asPage = (url, fields) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    fields.forEach(([name, value]) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value })));
    document.body.append(form);
    form.submit();
  };

  const show = () => {
    document.getElementById("unsent")?.remove();
    const entries = kept();
    if (!entries.length) return;
    const bar = element("section", "", "card stack unsent");
    bar.id = "unsent";
    bar.setAttribute("role", "status");
    const waiting = entries.filter((entry) => !entry.refused).length;
    if (waiting) bar.append(element("b", waiting === 1 ? words.dataset.one : words.dataset.many.replace("%n", waiting)));
    entries.forEach((entry) => {
      const row = element("p", "", "row");
      row.append(element("span", entry.label + (entry.said ? ": " + entry.said : "")));
      if (entry.refused || entry.asks) {
        const button = element("button", entry.refused ? words.dataset.dismiss : words.dataset.identify, "button");
        button.type = "button";
        button.addEventListener("click", () => (entry.refused ? (drop(entry.id), show()) : asPage(entry.url, entry.fields)));
        row.append(button);
      }
      bar.append(row);
    });
    main.prepend(bar);
  };

  const told = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const found = page.querySelector(".error-summary p") || page.querySelector(".notice.bad") || page.querySelector("main p");
    return found ? found.textContent.trim() : words.dataset.refused;
  };
  let sending = false;
  const again = async (first) => {
    if (sending) return;
    sending = true;
    for (const entry of kept().filter((one) => !one.refused && (first || !one.asks))) {
      const answer = await post(entry.url, entry.fields, "later");
      if (!answer) break;
      const reply = isJson(answer) ? await answer.json() : null;
      if (answer.status === 401 || (reply && reply.to.startsWith("/login/"))) change(entry.id, { asks: true });
      else if (reply && !reply.refused) {
        drop(entry.id);
        reply.said.forEach((said) => main.prepend(element("p", said, "notice good")));
      } else change(entry.id, { refused: true, said: reply ? reply.said.join(" ") : told(await answer.text()) });
    }
    sending = false;
    show();
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-keep") || event.defaultPrevented) return;
    event.preventDefault();
    const fields = [...new FormData(form, event.submitter)].map(([name, value]) => [name, String(value)]);
    fields.push(["entered_at", String(Date.now())]);
    if (who) fields.push(["entered_by", who]);
    const answer = await post(form.action, fields, "now");
    if (answer && isJson(answer)) return location.assign((await answer.json()).to);
    if (answer) return asPage(form.action, fields); // a question or a refusal: shown as the page it is
    const label = [form.dataset.keep, event.submitter?.value ? event.submitter.firstChild.textContent : form.querySelector(".amount-field")?.value];
    store([...kept(), { id: String(Date.now()) + Math.random(), url: form.action, fields, label: label.filter(Boolean).join(" ") }]);
    form.replaceChildren(...[form.querySelector("h1"), element("p", words.dataset.kept)].filter(Boolean));
    show();
  });
  window.addEventListener("online", () => again(false));
  setInterval(() => again(false), AGAIN_MS);
  show();
  again(true);
})();
