// The automation tab (§4.5): which automations there are, what each of their blocks is at now, and
// the text of one of them to be edited. Pictures of gates are trees here: the right of the manual's
// figure is the top.

import { answers, attempt, element, get, renew, send } from "./dom.js";

const EMPTY = { description: "New automation", enabled: false, mode: "on_change", condition: null, on_true: [], on_false: [] };
const FIELDS = Object.keys(EMPTY);

let automations = [];
const plain = (one) => Object.fromEntries(FIELDS.map((name) => [name, one[name]]));

export async function showAutomations(place) {
  const told = await get("api/automation");
  automations = told.automations.map(plain);
  // What somebody is writing is never written over.
  if (place.querySelector("textarea[data-touched]") || place.querySelector("details[open] textarea:focus")) return;
  const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.number));
  renew(place, told, () => make(place, told));
  for (const one of place.querySelectorAll("details")) one.open = open.has(one.dataset.number);
}

function make(place, told) {
  const head = element("div", { class: "card" }, element("h2", {}, "Automation"),
    element("p", { class: "quiet" }, told.enabled ? "Automations run one second after another." : "The feature is disabled; enable it in General, Features."),
    element("div", { class: "row" }, deed("+ Add", () => keep(place, [...automations, EMPTY], head)), ...files(place, () => head)), ...answers());
  return [head, ...told.automations.map((one, number) => card(place, one, number))];
}

function files(place, head) {
  const all = JSON.stringify({ automations }, null, 2);
  const out = element("a", { class: "button", download: "automation.json", href: `data:application/json;charset=utf-8,${encodeURIComponent(all)}` }, "Export");
  const pick = element("input", { type: "file", accept: ".json,application/json" });
  pick.addEventListener("change", async () => {
    const [file] = pick.files;
    if (!file) return;
    const content = await file.text();
    if (await attempt(head(), () => send("api/files", { name: "automation.json", content }), "Imported.")) await showAutomations(place);
  });
  return [out, element("label", {}, "Import automation.json", pick)];
}

function card(place, one, number) {
  const made = element("div", { class: "card" });
  const others = (news) => automations.flatMap((each, index) => (index === number ? news : [each]));
  const edited = element("textarea", { spellcheck: "false", "aria-label": `Text of automation ${number + 1}` }, JSON.stringify(plain(one), null, 2));
  edited.addEventListener("input", () => { edited.dataset.touched = "yes"; });
  const save = async () => {
    let news;
    try {
      news = JSON.parse(edited.value);
    } catch (error) {
      made.querySelector(".problem").textContent = `It is no JSON: ${error.message}`;
      return;
    }
    delete edited.dataset.touched;
    if (!await keep(place, others([news]), made)) edited.dataset.touched = "yes";
  };
  made.append(
    element("h2", {}, `${number + 1}. ${one.description}`),
    element("p", { class: "quiet" }, `${one.enabled ? "Enabled" : "Disabled"}, ${one.mode === "continuous" ? "continuous" : "on change"}`),
    element("ul", { class: "tree", "aria-label": "Condition" }, one.condition ? block(one.condition, one.live) : element("li", { class: "quiet" }, "No condition yet.")),
    actions("On True", one.on_true, one.did === true, one.did !== null), actions("On False", one.on_false, one.did === false, one.did !== null),
    element("div", { class: "row" },
      deed(one.enabled ? "Disable" : "Enable", () => keep(place, others([{ ...plain(one), enabled: !one.enabled }]), made)),
      deed(one.mode === "continuous" ? "On change" : "Continuous", () => keep(place, others([{ ...plain(one), mode: one.mode === "continuous" ? "on_change" : "continuous" }]), made)),
      deed("Duplicate", () => keep(place, [...automations, plain(one)], made)),
      deed("Erase", () => keep(place, others([]), made))),
    element("details", { "data-number": String(number) }, element("summary", {}, "Edit"), edited, deed("Save", save)),
    ...answers());
  return made;
}

function deed(title, work) {
  const button = element("button", { type: "button" }, title);
  button.addEventListener("click", work);
  return button;
}

async function keep(place, news, near) {
  const done = await attempt(near, () => send("api/automation", { automations: news }), "Saved.");
  if (done) await showAutomations(place);
  return done;
}

const mark = (state, text) => element("span", { class: `live ${state === null || state === undefined ? "" : state}`, title: state === null || state === undefined ? "not known" : String(state) }, text);

function block(one, live) {
  if (one.gate) {
    return element("li", {}, mark(live?.state, one.gate.toUpperCase()), element("ul", {}, ...one.of.map((each, index) => block(each, live?.of[index]))));
  }
  const sum = one.equation.map(({ sign, input }, index) => `${index || sign === "-" ? `${sign === "-" ? "−" : "+"} ` : ""}${source(input)}`).join(" ");
  const band = one.hysteresis ? ` ± ${one.hysteresis}` : "";
  const now = live?.value === null || live?.value === undefined ? "" : `, now ${live.value}`;
  return element("li", {}, mark(live?.state, `${sum} ${one.operator} ${one.value}${band}${now}`));
}

const plainly = (name = "") => ({ left_ir: "left IR", right_ir: "right IR", rs485: "RS485" })[name] ?? name.replaceAll("_", " ");

function source(input) {
  const { property, interface: at, address, quantity, phase, part, kind, counter, register } = input;
  const where = `${plainly(at)}${address ? ` (${address})` : ""}`;
  if (property === "meter") return `${plainly(quantity)} ${phase} of ${where}`;
  if (property === "counter") return `${plainly(kind)} counter ${counter} of ${where}`;
  if (property === "modbus") return `register ${register} of address ${address}`;
  return plainly(part ?? property);
}

function actions(title, list, is_done, is_known) {
  return element("div", {}, element("h3", {}, title), list.length
    ? element("ul", { class: "tree" }, ...list.map((one) => element("li", {}, mark(is_known ? is_done : null, Object.entries(one).filter(([, value]) => typeof value !== "object").map(([name, value]) => `${name} ${value}`).join(", ")))))
    : element("p", { class: "quiet" }, "Nothing."));
}
