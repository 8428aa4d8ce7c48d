// An automation as a circuit (figures 39 to 48): the gate that decides stands at the right, before
// the actions, and what goes into a gate at its left. Where there is no room it is a list, the gate
// that decides at its top. In the live preview each block and its line are green, red or grey.
//
// Each block carries its path in automation.json, so that what is refused can be shown at it.

import { element } from "./dom.js";
import { part } from "./graphs.js";
import { actionText, comparison, conditionText, inputText, signOf, withUnit } from "./automation_words.js";

const ICONS = {
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  erase: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  duplicate: "M9 9h11v11H9zM15 9V4H4v11h5",
  add: "M12 5v14M5 12h14",
};

export function icon(name, title, work, key = "") {
  const button = element("button", { type: "button", class: "icon", "aria-label": title, title, "data-key": key });
  const svg = part("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  svg.append(part("path", { d: ICONS[name] }));
  button.append(svg);
  if (work) button.addEventListener("click", work);
  return button;
}

// hooks: what is done by hand: `edit(path, block)`, `add(path, blocks, kind)`, `erase(path)`,
// `editAction(path)`, `addAction(side)`; none in the live preview.
export function circuit(one, live, hooks) {
  const root = one.condition
    ? node(one.condition, "condition", live?.condition, hooks)
    : element("li", { class: "node" }, element("div", { class: "box", "data-path": "condition" }, ...hooks ? [plus("condition", "the automation", hooks)] : ["No condition."]));
  return element("div", { class: `circuit${hooks ? "" : " live"}`, tabindex: "0", role: "group", "aria-label": "Logic", "data-key": "circuit" },
    element("div", { class: "sheet" },
      element("ul", { class: "branch root", "aria-label": "Condition" }, root),
      element("div", { class: "outcomes" }, outcome("on_true", "On True", one, live, hooks), outcome("on_false", "On False", one, live, hooks))));
}

const name = (state) => (state === true ? "true" : state === false ? "false" : "unknown");
const lit = (state, live) => (live ? ` ${name(state)}` : "");

// Not by colour alone: each block says its state.
function told(state, words) {
  const sign = { true: "✓", false: "✕", unknown: "?" }[name(state)];
  return element("span", { class: "told" }, element("span", { "aria-hidden": "true" }, `${sign} `), words ?? name(state));
}

function node(block, path, live, hooks) {
  const made = element("li", { class: `node${lit(live?.state, live)}` }, block.gate ? gate(block, path, live, hooks) : condition(block, path, live, hooks));
  if (block.gate && block.of.length) made.append(element("ul", { class: "branch" }, ...block.of.map((each, number) => node(each, `${path}.of[${number}]`, live?.of[number], hooks))));
  return made;
}

function box(kind, path, head, ...rest) {
  return element("div", { class: `box ${kind}`, "data-path": path }, element("div", { class: "box-head" }, ...head), ...rest);
}

function gate(block, path, live, hooks) {
  const title = block.gate.toUpperCase();
  const tools = hooks ? [plus(path, title, hooks), icon("erase", `Erase ${title}`, () => hooks.erase(path), `${path}:erase`)] : [];
  return box("gate", path, [element("span", { class: "title" }, title), ...live ? [told(live.state)] : [], ...tools]);
}

function condition(block, path, live, hooks) {
  const text = conditionText(block);
  const tools = hooks ? [
    icon("edit", `Edit condition: ${text}`, () => hooks.edit(path, block), `${path}:edit`),
    icon("erase", `Erase condition: ${text}`, () => hooks.erase(path), `${path}:erase`)] : [];
  return box("condition", path, [element("span", { class: "title" }, "CONDITION"), ...live ? [told(live.state)] : [], ...tools],
    live && block.equation.length ? values(block, live) : element("p", {}, text));
}

function values(block, live) {
  const rows = block.equation.map(({ sign, input }, number) => [`${number || sign === "-" ? `${signOf(sign)} ` : ""}${inputText(input)}`, live.inputs[number].value, live.inputs[number].unit]);
  const unit = live.inputs.every((one) => one.unit === live.inputs[0].unit) ? live.inputs[0].unit : "";
  if (rows.length > 1) rows.push(["Together", live.value, unit]);
  return element("dl", { class: "values" },
    ...rows.map(([title, value, of]) => element("div", {}, element("dt", {}, title), element("dd", {}, value === null ? "–" : withUnit(value, of)))),
    element("div", {}, element("dt", {}, "Asked for"), element("dd", {}, comparison(block))));
}

function outcome(side, title, one, live, hooks) {
  const done = live?.executed ? live.executed === side : null;
  const list = one[side].map((action, number) => {
    const [path, text] = [`${side}[${number}]`, actionText(action)];
    const tools = hooks ? [
      icon("edit", `Edit action: ${text}`, () => hooks.editAction(path), `${path}:edit`),
      icon("erase", `Erase action: ${text}`, () => hooks.erase(path), `${path}:erase`)] : [];
    return element("li", { class: "action", "data-path": path }, element("span", { class: "title" }, text), ...tools);
  });
  const made = box(`outcome${lit(done, live)}`, side, [element("h3", {}, title), ...live ? [told(done, { true: "executed", false: "not executed", null: "unknown" }[done])] : []],
    list.length ? element("ul", { class: "actions" }, ...list) : element("p", { class: "quiet" }, "Nothing."));
  if (hooks) {
    const add = element("button", { type: "button", "data-key": `${side}:add`, "aria-label": `Add an action: ${title}` }, "+ Action");
    add.addEventListener("click", () => hooks.addAction(side));
    made.append(add);
  }
  return made;
}

// The "+" of a gate with its drop-down menu; the browser closes it at Escape and at a click elsewhere.
function plus(path, title, hooks) {
  const menu = element("div", { class: "menu", popover: "auto", role: "group", "aria-label": `Add to ${title}` });
  for (const [kind, called] of [["and", "AND"], ["or", "OR"], ["condition", "CONDITION"]]) {
    const choice = element("button", { type: "button" }, called);
    choice.addEventListener("click", () => {
      menu.hidePopover();
      hooks.add(path, kind);
    });
    menu.append(choice);
  }
  const button = icon("add", `Add to ${title}`, null, `${path}:add`);
  button.popoverTargetElement = menu;
  // The first choice has the focus when it opens; not before, as a page loads with none.
  menu.addEventListener("beforetoggle", () => { menu.firstChild.autofocus = true; });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const [from, own] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
    menu.style.left = `${Math.max(8, Math.min(from.left, innerWidth - own.width - 8))}px`;
    menu.style.top = `${from.bottom + own.height > innerHeight ? Math.max(8, from.top - own.height) : from.bottom + 4}px`;
  });
  return element("span", { class: "plus" }, button, menu);
}

// Shows what was refused at the innermost block or control that it is about.
export function mark(place, fault) {
  if (!fault) return null;
  const holds = (path) => fault.path === path || fault.path.startsWith(`${path}.`) || fault.path.startsWith(`${path}[`);
  const [found] = [...place.querySelectorAll("[data-path]")].filter((one) => holds(one.dataset.path)).sort((one, other) => other.dataset.path.length - one.dataset.path.length);
  if (!found) return null;
  const what = fault.path.slice(found.dataset.path.length).replace(/^\./, "");
  found.classList.add("refused");
  found.append(element("p", { class: "problem" }, `${what} ${fault.sentence}`.trim()));
  return found;
}
