// What every part of the page needs: elements, and what is asked of the gateway.

export const $ = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

export function say(id, text) {
  // Only what changed: a screen reader hears of a live region that is written to.
  const node = typeof id === "string" ? $(id) : id;
  if (node.textContent !== String(text)) node.textContent = text;
}

export class Problem extends Error {
  constructor(status, sentence, field = "") {
    super(sentence);
    this.status = status;
    this.field = field;
  }
}

async function ask(path, options) {
  let answer;
  let told;
  try {
    answer = await fetch(path, options);
    told = await answer.json();
  } catch {
    throw new Problem(0, "The gateway does not answer; nothing is known to have happened.");
  }
  if (!answer.ok) throw new Problem(answer.status, told.error ?? "refused", told.field);
  return told;
}

export const get = (path) => ask(path, {});

export const send = (path, fields = {}, method = "POST") =>
  ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });

// Does something for a control, and tells beside it what came of it.
export async function attempt(place, work, done = "") {
  const problem = place.querySelector(".problem");
  const good = place.querySelector(".done");
  if (problem) problem.textContent = "";
  if (good) good.textContent = "";
  try {
    const told = await work();
    if (good) good.textContent = done;
    return told;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 403) dispatchEvent(new CustomEvent("locked"));
    if (problem) problem.textContent = error.message;
    return null;
  }
}

export function answers() {
  return [element("p", { class: "problem", role: "alert" }), element("p", { class: "done", role: "status" })];
}

export function facts(rows) {
  return rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value === "" ? "–" : value))));
}

export function table(heads, rows, caption) {
  return element("table", {}, element("caption", { class: "away" }, caption),
    element("thead", {}, element("tr", {}, ...heads.map((one) => element("th", { scope: "col" }, one)))),
    element("tbody", {}, ...rows.map(([first, ...others]) =>
      element("tr", {}, element("th", { scope: "row" }, first), ...others.map((one) => element("td", {}, one))))));
}

// Shows something again only where it has become another: somebody may be using what is there.
const shown = new WeakMap();
export function renew(node, data, make) {
  const text = JSON.stringify(data);
  if (shown.get(node) === text) return;
  shown.set(node, text);
  node.replaceChildren(...make());
}

export function scaled(value, unit) {
  const steps = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const found = steps.find(([size]) => Math.abs(value) >= size * 10);
  return found ? `${+(value / found[0]).toFixed(6)} ${found[1]}${unit}` : `${value} ${unit}`;
}
