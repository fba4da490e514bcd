// The editor: the numbers of its lines, what is wrong under its line, what the text has.

const LINE = 8;  // the fewest lines that it shows

const byId = (id) => document.getElementById(id);
const text = byId("text"), status = byId("status");

export function fit() {
  const lines = text.value.split("\n").length;
  text.rows = Math.max(LINE, lines + 2);
  if (byId("numbers").childElementCount !== lines) numbers();
}

text.addEventListener("scroll", () => { byId("numbers").scrollTop = text.scrollTop; lay(); });
addEventListener("resize", lay);

let wrong = null;

export function praise(found) {
  wrong = null;
  byId("complaint").hidden = true;
  status.textContent = found.lacks || (found.doubts.length ? "this can be read, and hardly means what it says:" : "");
  status.className = "status";
  byId("panels").classList.toggle("lacking", Boolean(found.lacks));  // nothing is wrong, more is to come
  text.removeAttribute("aria-invalid");
  byId("doubts").hidden = !found.doubts.length;
  byId("doubts").replaceChildren(...found.doubts.map(doubted));
  numbers(new Set(found.doubts.map((doubt) => doubt.line)), "odd");
  count(found);
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

export function complain(complaint) {
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

let counted = { dims: [], parameters: [] };

function count(found) {
  const ids = found.dims.map((dim) => `dim-${dim}`).join(" ");
  counted = found;
  // whoever is typing a width goes on typing it
  if (byId("total")?.getAttribute("for") !== ids) renewFields(ids);
  add();
}

function renewFields(ids) {
  const total = byId("total") ?? document.createElement("output");
  total.id = "total";
  total.setAttribute("for", ids);
  const fields = counted.dims.flatMap((dim) => {
    const label = document.createElement("label"), field = document.createElement("input");
    Object.assign(field, { id: `dim-${dim}`, type: "number", min: 1, value: widths[dim] ?? (dim === "C" ? 1 : 3) });
    label.htmlFor = field.id;
    label.textContent = ` ${dim} = `;
    field.addEventListener("input", () => { widths[dim] = field.value; add(); });
    return [label, field];
  });
  const focus = document.activeElement?.id;
  byId("count").replaceChildren("Parameters: ", total, ...(fields.length ? [" with", ...fields] : []));
  if (focus?.startsWith("dim-")) byId(focus)?.focus();
}

function add() {
  const size = (dim) => Number(byId(`dim-${dim}`)?.value ?? 1);
  const wide = (axis) => axis.names.reduce((sum, dim) => sum + size(dim), axis.number);
  const all = counted.parameters.map((one) => one.axes.reduce((product, axis) => product * wide(axis), 1));
  byId("total").textContent = all.reduce((sum, one) => sum + one, 0).toLocaleString("en");
}
