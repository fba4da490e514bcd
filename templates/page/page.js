// The page on which somebody types: it asks the server for panels, and shows what comes.
import { fragment, unfolded } from "./address.js";
import { complain, fit, praise } from "./editor.js";

const PAUSE = 40;      // ms between the last key and the first request
const KEPT = 300;      // ms until the address holds what was typed
const AGAIN = 300;     // ms until a busy server is asked again
const AT_FIRST = { steps: 3, scalar: false, notation: "default", data: "", seed: 0 };

const byId = (id) => document.getElementById(id);
const text = byId("text"), example = byId("example"), status = byId("status");
const page = crypto.randomUUID();
const panels = [...document.querySelectorAll(".panel")].map((element) => ({
  element,
  name: element.dataset.panel,
  content: element.querySelector(".content"),
  slow: "slow" in element.dataset,
  near: false,      // in view, or almost
  shown: "",        // what its content answers
  abort: null,      // of the request that is under way
}));

// what is asked

function asked() {
  const steps = byId("steps").value, own = byId("data").value === "own";
  const found = { text: text.value };
  if (named()) found.name = example.value;
  const views = [...document.querySelectorAll("[name=view]:checked")].map((box) => box.value);
  const said = {
    steps: steps === "" ? null : Number(steps),
    scalar: byId("scalar").value === "1",
    notation: byId("notation").value,
    data: own ? byId("json").value : byId("data").value,
    seed: Number(byId("seed").value),
  };
  for (const [name, value] of Object.entries(said)) if (value !== AT_FIRST[name]) found[name] = value;
  if (views.length) found.views = views;
  return found;
}

const named = () => example.value && example.selectedOptions[0].dataset.text === text.value;

function put(values) {
  const said = { ...AT_FIRST, ...values };
  text.value = String(said.text ?? "");
  const known = [...example.options].find((each) => each.value && each.dataset.text === text.value);
  example.value = known ? known.value : "";
  byId("steps").value = said.steps ?? "";
  byId("scalar").value = said.scalar ? "1" : "";
  byId("notation").value = said.notation;
  byId("seed").value = said.seed;
  byId("data").value = said.data;
  if (byId("data").value !== said.data) { byId("data").value = "own"; byId("json").value = said.data; }
  const views = Array.isArray(said.views) ? said.views : [];
  for (const box of document.querySelectorAll("[name=view]")) box.checked = views.includes(box.value);
  settle();
}

// the address holds it

let held = "";
async function hold() {
  held = await fragment(asked());
  history.replaceState(null, "", held);
}

addEventListener("hashchange", async () => {
  if (location.hash === held) return;
  const values = await unfolded(location.hash);
  if (values) { put(values); refresh(); }
});

// the server

class Refused extends Error {
  constructor(status, complaint) { super(complaint.message); this.status = status; this.complaint = complaint; }
}

async function ask(path, body, signal) {
  for (;;) {
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST", body, signal, headers: { "content-type": "application/json", "x-page": page },
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      const said = "the server has gone; start symrnn serve again";
      throw new Refused(0, { message: said, said, line: 0 });
    }
    if (answer.ok) return answer;
    // busy, or an older request that has been given up came after this one
    if ((answer.status === 503 || answer.status === 409) && !signal?.aborted) {
      await new Promise((done) => setTimeout(done, AGAIN));
      continue;
    }
    const said = await answer.json().catch(() => null);
    const message = `status ${answer.status}`;
    throw new Refused(answer.status, said?.error ?? { message, said: message, line: 0 });
  }
}

const given_up = (error) => error.name === "AbortError";

// from a key to panels

let timer = 0, keeping = 0, checking = null, question = "", good = "";

function changed() {
  settle();
  clearTimeout(timer);
  clearTimeout(keeping);
  timer = setTimeout(refresh, PAUSE);
  keeping = setTimeout(hold, KEPT);
}

async function refresh() {
  const body = JSON.stringify(asked());
  if (body === question) return;
  question = body;
  checking?.abort();
  checking = new AbortController();
  for (const panel of panels) {
    panel.abort?.abort();
    panel.content.setAttribute("aria-busy", String(panel.shown !== body));  // what is there may be asked again
  }
  try {
    const answer = await ask("check", body, checking.signal);
    const found = await answer.json();
    if (body !== question) return;
    if (found.error) { complain(found.error); return; }
    good = body;
    praise(found);
    document.title = `${found.title || (named() ? example.value : "symrnn")} · symrnn`;
    fill();
  } catch (error) {
    if (given_up(error) || body !== question) return;
    complain(error.complaint ?? { message: String(error), said: String(error), line: 0 });
  }
}

async function fill() {
  const wanted = panels.filter((panel) => panel.near && panel.element.open && panel.shown !== good);
  wanted.sort((one, other) => away(one) - away(other));
  await Promise.all(wanted.filter((panel) => !panel.slow).map(show));
  wanted.filter((panel) => panel.slow && panel.shown !== good).forEach(show);
}

// How far it is out of view.
function away(panel) {
  const box = panel.element.getBoundingClientRect();
  return Math.max(0, box.top - innerHeight, -box.bottom);
}

async function show(panel) {
  const body = good;
  if (panel.asking === body || body !== question) return;
  panel.abort?.abort();
  panel.abort = new AbortController();
  panel.asking = body;
  panel.content.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(`panel/${panel.name}`, body, panel.abort.signal);
    const html = await answer.text();
    if (body !== question) return;
    place(panel, html);
  } catch (error) {
    if (given_up(error) || body !== question) return;
    const told = document.createElement("p");
    told.className = "told";
    told.textContent = error.message;
    panel.content.replaceChildren(told);
  } finally {
    if (panel.asking === body) panel.asking = null;
  }
  panel.shown = body;
  panel.content.setAttribute("aria-busy", "false");
}

// What somebody has folded, or unfolded, stays so.
const folds = new Map();
document.addEventListener("click", (event) => {
  const details = event.target.closest(".content summary")?.parentElement;
  if (details) folds.set(heading(details), !details.open);
});

function place(panel, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  for (const each of made.content.querySelectorAll("details")) {
    if (folds.has(heading(each))) each.open = folds.get(heading(each));
  }
  for (const each of made.content.querySelectorAll("pre, .display[data-latex]")) copyable(each);
  panel.content.replaceChildren(made.content);
  light();
}

// What has been chosen stays lit in a panel that comes later, or anew (links.js lights it up).
let chosen = "";
document.addEventListener("click", (event) => {
  const term = event.isTrusted && event.target.closest("[data-term]");
  if (term) chosen = term.getAttribute("aria-pressed") === "true" ? term.dataset.term : "";
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") chosen = ""; });

function light() {
  const term = chosen && document.querySelector(`[data-term="${CSS.escape(chosen)}"]`);
  if (!term) return;
  if (term.getAttribute("aria-pressed") === "true") term.click();
  term.click();
}

const heading = (details) => details.querySelector("summary")?.textContent;

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) panels.find((each) => each.element === entry.target).near = entry.isIntersecting;
  if (good && good === question) fill();
}, { rootMargin: "300px" });

for (const panel of panels) {
  seen.observe(panel.element);
  panel.element.addEventListener("toggle", () => { if (good && good === question) fill(); });
}

// copies and files

function copyable(element) {
  const around = document.createElement("div"), button = document.createElement("button");
  around.className = "copyable";
  button.className = "copy";
  button.type = "button";
  button.textContent = element.dataset.latex ? "Copy LaTeX" : "Copy";
  element.replaceWith(around);
  around.append(element, button);
  button.addEventListener("click", () => copy(element.dataset.latex ?? element.textContent, button));
}

async function copy(what, button) {
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(what);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed to copy";
  }
  setTimeout(() => { button.textContent = said; }, 1200);
}

byId("copy-address").addEventListener("click", async (event) => {
  await hold();
  copy(location.href, event.target);
});

for (const button of document.querySelectorAll(".download")) {
  button.addEventListener("click", async () => {
    const form = button.dataset.form;
    button.disabled = true;
    try {
      const file = await (await ask(`download/${form}`, JSON.stringify(asked()))).blob();
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `${named() ? example.value : "model"}.${form}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      status.className = "status bad";
      status.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}

// the editor

function settle() {
  fit();
  byId("own").hidden = byId("data").value !== "own";
  if (example.value && !named()) example.value = "";
}

text.addEventListener("input", async () => {
  const values = text.value.length > 20 && /^\s*\S+#m=[\w-]+\s*$/.test(text.value) && await unfolded(text.value);
  if (values) put(values);
  changed();
});
byId("settings").addEventListener("submit", (event) => event.preventDefault());
byId("settings").addEventListener("input", (event) => {
  if (event.target === text || event.target.closest("#count")) return;
  if (event.target === example) {
    if (!example.value) return;
    text.value = example.selectedOptions[0].dataset.text;
  }
  changed();
});

(async () => {
  const first = [...example.options].find((each) => each.value === example.dataset.first);
  put(await unfolded(location.hash) ?? { text: first.dataset.text, data: "notes" });
  refresh();
})();
