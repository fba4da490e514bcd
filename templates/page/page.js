// The page on which somebody types: it asks the server for panels, and shows what comes.
"use strict";

const PAUSE = 40;      // ms between the last key and the first request
const KEPT = 300;      // ms until the address holds what was typed
const AGAIN = 300;     // ms until a busy server is asked again
const LINE = 8;        // the fewest lines that the editor shows
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

async function through(bytes, stream) {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

async function fragment(values) {
  const packed = await through(new TextEncoder().encode(JSON.stringify(values)), new CompressionStream("deflate-raw"));
  let letters = "";
  for (const byte of packed) letters += String.fromCharCode(byte);
  return "#m=" + btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unfolded(address) {
  const found = /#m=([\w-]+)$/.exec(address.trim());
  if (!found) return null;
  try {
    const letters = atob(found[1].replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const plain = await through(bytes, new DecompressionStream("deflate-raw"));
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null;
  }
}

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
    if (answer.status === 503 && !signal?.aborted) {
      await new Promise((done) => setTimeout(done, AGAIN));
      continue;
    }
    const said = await answer.json().catch(() => null);
    const message = `status ${answer.status}`;
    throw new Refused(answer.status, said?.error ?? { message, said: message, line: 0 });
  }
}

const given_up = (error) => error.name === "AbortError" || error.status === 409;

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

// A panel's own folds stay as they were.
function place(panel, html) {
  const folded = new Set([...panel.content.querySelectorAll("details:not([open])")].map(heading));
  const made = document.createElement("template");
  made.innerHTML = html;
  for (const each of made.content.querySelectorAll("details")) if (folded.has(heading(each))) each.open = false;
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

// what is said of the text

let wrong = null;

function praise(found) {
  wrong = null;
  byId("complaint").hidden = true;
  status.textContent = found.lacks || (found.doubts.length ? "this can be read, and hardly means what it says:" : "");
  status.className = "status";
  text.removeAttribute("aria-invalid");
  byId("doubts").hidden = !found.doubts.length;
  byId("doubts").replaceChildren(...found.doubts.map(doubted));
  numbers(new Set(found.doubts.map((doubt) => doubt.line)), "odd");
  count(found);
  document.title = `${found.title || (named() ? example.value : "symrnn")} · symrnn`;
}

function doubted(doubt) {
  const item = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.textContent = doubt.line ? `line ${doubt.line}: ${doubt.said}` : doubt.said;
  button.addEventListener("click", () => go(doubt.line, doubt.start));
  item.append(button);
  return item;
}

function go(line, column) {
  const before = text.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(before + column, before + column);
}

function complain(complaint) {
  wrong = complaint;
  const where = complaint.line ? `line ${complaint.line}, column ${complaint.start + 1}: ` : "";
  status.textContent = where + complaint.said;
  status.className = "status bad";
  text.setAttribute("aria-invalid", "true");
  byId("doubts").hidden = true;
  numbers(new Set([complaint.line]), "bad");
  const box = byId("complaint");
  box.hidden = !complaint.line;
  if (!complaint.line) return;
  const line = text.value.split("\n")[complaint.line - 1] ?? "";
  byId("before").textContent = line.slice(0, complaint.start).padEnd(complaint.start);
  byId("carets").textContent = "^".repeat(Math.max(1, complaint.end - complaint.start));
  byId("said").textContent = complaint.said.split("\n")[0];
  lay();
}

// In the room between its line and the next: right of the carets, or left where there is more room.
function lay() {
  const box = byId("complaint"), said = byId("said");
  if (!wrong?.line || box.hidden) return;
  const style = getComputedStyle(text), height = parseFloat(style.lineHeight);
  box.style.top = `${parseFloat(style.paddingTop) + (wrong.line - 0.24) * height - text.scrollTop}px`;
  box.style.left = `${-text.scrollLeft}px`;
  box.style.width = `${text.clientWidth + text.scrollLeft}px`;
  box.classList.remove("left");
  said.style.width = "";
  const left = byId("before").offsetWidth - text.scrollLeft;
  if (said.scrollWidth > said.clientWidth && left > said.clientWidth) {
    box.classList.add("left");
    said.style.width = `${byId("before").offsetWidth}px`;
  }
}

function numbers(marked = new Set(), kind = "") {
  const lines = text.value.split("\n").length;
  byId("numbers").replaceChildren(...Array.from({ length: lines }, (_, at) => {
    const number = document.createElement("span");
    number.textContent = `${at + 1}\n`;
    if (marked.has(at + 1)) number.className = kind;
    return number;
  }));
}

// how many parameters

const widths = {};

function count(found) {
  const total = byId("total") ?? document.createElement("output");
  total.id = "total";
  total.setAttribute("for", found.dims.map((dim) => `dim-${dim}`).join(" "));
  const fields = found.dims.flatMap((dim) => {
    const label = document.createElement("label"), field = document.createElement("input");
    Object.assign(field, { id: `dim-${dim}`, type: "number", min: 1, value: widths[dim] ?? (dim === "C" ? 1 : 3) });
    label.htmlFor = field.id;
    label.textContent = ` ${dim} = `;
    field.addEventListener("input", () => { widths[dim] = field.value; add(); });
    return [label, field];
  });
  const add = () => {
    const size = (dim) => Number(byId(`dim-${dim}`)?.value ?? 1);
    const wide = (axis) => axis.names.reduce((sum, dim) => sum + size(dim), axis.number);
    const all = found.parameters.map((one) => one.axes.reduce((product, axis) => product * wide(axis), 1));
    total.textContent = all.reduce((sum, one) => sum + one, 0).toLocaleString("en");
  };
  const focus = document.activeElement?.id;
  byId("count").replaceChildren("Parameters: ", total, ...(fields.length ? [" with", ...fields] : []));
  if (focus?.startsWith("dim-")) byId(focus)?.focus();
  add();
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
  const lines = text.value.split("\n").length;
  text.rows = Math.max(LINE, lines + 2);
  if (byId("numbers").childElementCount !== lines) numbers();
  byId("own").hidden = byId("data").value !== "own";
  if (example.value && !named()) example.value = "";
}

text.addEventListener("input", async () => {
  const values = text.value.length > 20 && /^\s*\S+#m=[\w-]+\s*$/.test(text.value) && await unfolded(text.value);
  if (values) put(values);
  changed();
});
text.addEventListener("scroll", () => { byId("numbers").scrollTop = text.scrollTop; lay(); });
addEventListener("resize", lay);
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
  const elman = document.querySelector("#example [value=elman]").dataset.text;
  put(await unfolded(location.hash) ?? { text: elman, data: "notes" });
  refresh();
})();
