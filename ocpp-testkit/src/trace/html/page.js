"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const SEVERITIES = ["error", "warning", "note"];

/** An element with a class, and text that is never markup. */
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const counted = (number, name) => `${number} ${name}${number === 1 ? "" : "s"}`;

/** JSON with line breaks, each token as it stands; what is not JSON stays as it is. */
function pretty(text) {
  try { JSON.parse(text); } catch { return text; }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let out = "", depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  tokens.forEach((token, i) => {
    const before = tokens[i - 1], after = tokens[i + 1];
    if (token === "{" || token === "[") {
      out += token;
      depth += 1;
      if (after !== "}" && after !== "]") out += line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      out += (before === "{" || before === "[" ? "" : line()) + token;
    } else {
      out += token === "," ? "," + line() : token === ":" ? ": " : token;
    }
  });
  return out;
}

/** The worst severity of a row's findings; most rows with several have several of one. */
const worst = (row) => SEVERITIES.find((severity) => (row.findings ?? []).some((it) => it.severity === severity));
const isBad = (row) => row.kind === "error" || row.kind === "broken" || ["error", "warning"].includes(worst(row));

const rows = data.rows.map((row, index) => {
  const element = make("div", ["row", row.kind, row.from].filter(Boolean).join(" "));
  element.id = "row" + index;
  const bar = make("div", "bar");
  bar.tabIndex = 0;
  bar.setAttribute("role", "button");
  bar.setAttribute("aria-expanded", "false");
  const lane = make("div", "lane");
  lane.append(make("span", "label", row.label));
  const digest = [row.digest, row.took === undefined ? "" : row.took + " ms"].filter(Boolean).join("  ");
  if (digest) lane.append(make("span", "digest", digest));
  if (row.cut) lane.append(make("span", "mark note", "in part"));
  const severity = worst(row);
  if (severity) lane.append(make("span", "mark " + severity, counted(row.findings.length, severity)));
  bar.append(make("span", "number", row.line), make("span", "time", row.time), make("span", "who", row.who ?? ""), lane);
  bar.addEventListener("click", () => toggle(index));
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(index); }
  });
  element.append(bar);
  return element;
});

/** Unfolds a row, or folds it again. */
function toggle(index, open = rows[index].lastChild.className !== "inside") {
  const element = rows[index], row = data.rows[index];
  element.querySelector(".inside")?.remove();
  element.firstChild.setAttribute("aria-expanded", open);
  if (open) {
    const inside = make("div", "inside");
    for (const finding of row.findings ?? []) inside.append(make("p", finding.severity, finding.text));
    if (row.other !== undefined) {
      const name = row.kind === "call" ? "answer" : "call";
      const button = make("button", "", `${name}: line ${data.rows[row.other].line}`);
      button.type = "button";
      button.addEventListener("click", () => show(row.other));
      inside.append(button);
    }
    inside.append(make("pre", "", row.text === undefined ? row.label : pretty(row.text)));
    element.append(inside);
  }
  remember();
}

/** Unfolds a row and goes there, whatever the filter says. */
function show(index) {
  rows[index].hidden = false;
  toggle(index, true);
  rows[index].scrollIntoView({ block: "center" });
}

// The filter. Its state is the page's fragment: #q=..&bad=1&actions=A,B&open=3,7 (rows from 0), so that a view can be passed on.
const counts = new Map();
for (const row of data.rows) {
  const action = row.action ?? "(" + row.kind + ")";
  counts.set(action, (counts.get(action) ?? 0) + 1);
}
const form = document.getElementById("filter");
const search = make("input");
Object.assign(search, { type: "search", placeholder: "search messages", ariaLabel: "search messages" });
const bad = check("problems only", "");
const actions = make("details", "actions");
const list = make("div");
const boxes = [...counts.keys()].sort().map((action) => check(`${action} (${counts.get(action)})`, action));
const count = make("span", "count");
list.append(...boxes.map((box) => box.parentElement));
actions.append(make("summary", "", "actions"), list);
form.append(search, bad.parentElement, actions, count);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => { filter(); remember(); });

function check(text, value) {
  const label = make("label"), box = make("input");
  box.type = "checkbox";
  box.value = value;
  label.append(box, " " + text);
  return box;
}

function filter() {
  const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const text = search.value.toLowerCase();
  let shown = 0;
  data.rows.forEach((row, index) => {
    const action = row.action ?? "(" + row.kind + ")";
    const fits = (!wanted.size || wanted.has(action)) && (!bad.checked || isBad(row)) &&
      (!text || [row.label, row.text, row.who, row.time].some((it) => it?.toLowerCase().includes(text)));
    rows[index].hidden = !fits;
    if (fits) shown += 1;
  });
  const found = data.rows.flatMap((row) => row.findings ?? []).concat(data.unread);
  const told = SEVERITIES.map((severity) => [found.filter((it) => it.severity === severity).length, severity]);
  const findings = told.filter(([number]) => number).map(([number, severity]) => counted(number, severity));
  actions.firstChild.textContent = wanted.size ? `actions (${wanted.size})` : "actions";
  count.textContent = [`${shown} of ${rows.length} lines`, ...findings].join(", ");
}

function remember() {
  const state = new URLSearchParams();
  const open = data.rows.map((_, index) => index).filter((index) => rows[index].lastChild.className === "inside");
  const wanted = boxes.filter((box) => box.checked).map((box) => box.value);
  if (search.value) state.set("q", search.value);
  if (bad.checked) state.set("bad", "1");
  if (wanted.length) state.set("actions", wanted.join(","));
  if (open.length) state.set("open", open.join(","));
  history.replaceState(null, "", state.size ? "#" + state : location.pathname + location.search);
}

const state = new URLSearchParams(location.hash.slice(1));
const wanted = (state.get("actions") ?? "").split(",");
search.value = state.get("q") ?? "";
bad.checked = state.has("bad");
for (const box of boxes) box.checked = wanted.includes(box.value);

const ends = make("div", "ends"), sides = make("span");
sides.append(make("span", "", "station"), make("span", "", "CSMS"));
ends.append(make("span"), make("span"), make("span"), sides);
const main = document.getElementById("rows");
// Columns as wide as what is in them.
const widest = (name) => data.rows.reduce((width, row) => Math.max(width, row[name]?.length ?? 0), 0);
main.style.setProperty("--time", `${7.4 * widest("time")}px`);
main.style.setProperty("--who", `${7.4 * Math.min(widest("who"), 24)}px`);
if (data.unread.length) {
  const inside = make("div", "inside");
  inside.append(...data.unread.map((it) => make("p", it.severity, it.text)));
  main.append(inside);
}
main.append(ends, ...rows);
filter();
const open = (state.get("open") ?? "").split(",").filter((text) => /^\d+$/.test(text) && rows[text]).map(Number);
for (const index of open) toggle(index, true);
rows[open[0]]?.scrollIntoView({ block: "center" });
