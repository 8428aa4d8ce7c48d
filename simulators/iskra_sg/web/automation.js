// The automation tab (§4.5): an editor of what is to become of the automations, and a live preview
// of what they are. What is edited is a draft of all of them, which "Save" sends as a whole; the
// gateway judges it, and what it refuses is shown at the block.

import { answers, attempt, element, get, renew, say, send } from "./dom.js";
import { circuit, icon, mark } from "./automation_tree.js";
import { editAction, editCondition } from "./automation_windows.js";

const TEMPLATE = { description: "", enabled: false, mode: "on_change", condition: null, on_true: [], on_false: [] };
const FIELDS = Object.keys(TEMPLATE);

let told = null; // what the gateway said last
let base = ""; // its automations when the draft was taken from them
let draft = [];
let selected = 0;
let isLive = false;
let fault = null; // what was refused: {number, path, sentence}
let text = { isOpen: false, value: null }; // the automation as text; null while nobody has touched it
let drawn = 0; // how often somebody has changed what is to be drawn

const plain = (one) => Object.fromEntries(FIELDS.map((name) => [name, one[name]]));
const theirs = () => JSON.stringify(told.automations.map(plain));
const template = () => structuredClone(TEMPLATE);
// The template alone stands for no automation at all.
const ours = () => (JSON.stringify(draft) === JSON.stringify([TEMPLATE]) ? [] : draft);
const isDirty = () => JSON.stringify(ours()) !== base;

export async function showAutomations(place) {
  told = await get("api/automation");
  if (!place.firstChild) place.append(head(place), element("div", { class: "columns-one" }));
  // What somebody is writing is never written over.
  const isUsed = text.value !== null || document.querySelector("dialog[open]");
  if (!base || (!isDirty() && !isUsed && theirs() !== base)) adopt();
  draw(place);
}

// Takes what the gateway has for what is edited. Where it has none there is the template of figure 39.
function adopt() {
  base = theirs();
  draft = JSON.parse(base);
  if (!draft.length) draft.push(template());
  selected = Math.min(selected, draft.length - 1);
  fault = null;
  text.value = null;
  drawn += 1;
}

// ---------------------------------------------------------------- the head

function head(place) {
  const save = deed("Save", () => keep(place, made), { class: "main" });
  const discard = deed("Discard changes", () => {
    adopt();
    quieten(place);
    draw(place);
    save.focus(); // this button is gone now
  }, { id: "discard" });
  const made = element("div", { class: "card" }, element("h2", {}, "Automation"), element("p", { class: "quiet", id: "automation-feature" }),
    element("div", { class: "row" }, save, ...files(place, () => made), discard),
    element("p", { class: "quiet", id: "unsaved", role: "status" }), ...answers());
  return made;
}

function files(place, near) {
  const out = element("a", { class: "button", download: "automation.json", href: "#settings" }, "Export");
  out.addEventListener("click", () => {
    out.href = `data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify({ automations: ours() }, null, 2))}`;
  });
  const file = element("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "Automations from a computer" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    const content = await chosen.text();
    file.value = "";
    if (!await attempt(near(), () => send("api/files", { name: "automation.json", content }), "Imported.")) return;
    base = "";
    await showAutomations(place);
  });
  return [out, deed("Import", () => file.click()), file];
}

async function keep(place, near) {
  const done = await attempt(near, async () => {
    try {
      return await send("api/automation", { automations: ours() });
    } catch (error) {
      blame(error);
      throw error;
    }
  }, "Saved.");
  if (done) {
    told = done;
    adopt();
  }
  draw(place);
  if (!done && fault) {
    const found = place.querySelector(".refused");
    found?.scrollIntoView({ block: "nearest" });
    found?.querySelector("button, input")?.focus();
  }
}

// Notes which block an error is about: the gateway names it by its path in automation.json.
function blame({ field = "", message }) {
  const [, number, path] = /^automations\[(\d+)\]\.?(.*)$/.exec(field) ?? [];
  fault = number === undefined || !draft[number] ? null : { number: Number(number), path, sentence: message.slice(field.length).trim() };
  if (fault) selected = fault.number;
  drawn += 1;
}

// ---------------------------------------------------------------- drawing

// Only what became another is drawn anew, and who was at a control is there again.
function draw(place) {
  say(place.querySelector("#automation-feature"), told.enabled ? "All automations run, and run again a second later." : "The feature is disabled, so none runs; enable it in General, Features.");
  tellUnsaved(place);
  const body = place.lastChild;
  const scrolled = body.querySelector(".circuit")?.scrollLeft ?? 0;
  const key = body.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  renew(body, [isLive, selected, drawn, isLive && told], () => (isLive ? preview(place) : editor(place)));
  if (scrolled) body.querySelector(".circuit")?.scrollTo(scrolled, 0);
  if (key && !body.contains(document.activeElement)) focus(place, key);
}

function tellUnsaved(place) {
  const other = theirs() === base ? "" : " They were changed elsewhere meanwhile; Save replaces that.";
  say(place.querySelector("#unsaved"), isDirty() ? `There are changes that are not saved.${other}` : "");
  place.querySelector("#discard").hidden = !isDirty();
}

function focus(place, key) {
  [...place.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
}

function quieten(place) {
  for (const one of place.querySelectorAll(".done, .problem")) one.textContent = "";
}

// After somebody has changed the draft: what was said of it before is old.
function changed(place) {
  quieten(place);
  fault = null;
  text.value = null;
  drawn += 1;
}

function deed(title, work, attributes = {}) {
  const button = element("button", { type: "button", ...attributes }, title);
  button.addEventListener("click", work);
  return button;
}

// One of some, as buttons that stand together.
function segments(title, options, now, chosen, path) {
  return element("div", { class: "segments", role: "group", "aria-label": title, ...path ? { "data-path": path } : {} }, ...options.map(([value, called]) =>
    deed(called, () => chosen(value), { "aria-pressed": String(value === now), "data-key": `${title}:${value}` })));
}

const turn = (place) => segments("View", [[false, "Edit"], [true, "Live"]], isLive, (value) => {
  isLive = value;
  draw(place);
});

const selector = (place, list) => segments("Automations", list.map((one, number) => [number, String(number + 1)]), Math.min(selected, list.length - 1), (value) => {
  selected = value;
  text.value = null;
  draw(place);
});

function editor(place) {
  const one = draft[selected];
  const redraw = (key) => {
    changed(place);
    draw(place);
    if (key) focus(place, key);
  };
  const set = (name, title) => (value) => {
    one[name] = value;
    redraw(`${title}:${value}`);
  };
  const described = element("input", { value: one.description, maxlength: "40", autocomplete: "off", "data-key": "description" });
  described.addEventListener("input", () => {
    one.description = described.value;
    quieten(place);
    tellUnsaved(place);
  });
  const made = element("div", { class: "card automation" },
    element("div", { class: "bar-of" }, turn(place), selector(place, draft), tools(redraw)),
    element("label", { "data-path": "description" }, "Automation description", described),
    element("div", { class: "bar-of" },
      segments("State", [[true, "Enabled"], [false, "Disabled"]], one.enabled, set("enabled", "State"), "enabled"),
      segments("Mode", [["on_change", "On change"], ["continuous", "Continuous"]], one.mode, set("mode", "Mode"), "mode")),
    circuit(one, null, hooks(one, redraw)), asText(place, one));
  if (fault?.number === selected) mark(made, fault);
  return [made];
}

function tools(redraw) {
  const number = selected + 1;
  return element("div", { class: "row" },
    icon("add", "Add an automation", () => {
      selected = draft.push(template()) - 1;
      redraw("description");
    }, "tool:add"),
    icon("duplicate", `Duplicate automation ${number}`, () => {
      selected = draft.push(structuredClone(draft[selected])) - 1;
      redraw("description");
    }, "tool:duplicate"),
    icon("erase", `Erase automation ${number}`, () => {
      draft.splice(selected, 1);
      if (!draft.length) draft.push(template());
      selected = Math.min(selected, draft.length - 1);
      redraw("tool:add");
    }, "tool:erase"));
}

// The block, or the action, at a path such as "condition.of[0].of[1]".
const steps = (path) => path.match(/[^.[\]]+/g);
const at = (one, path) => steps(path).reduce((part, step) => part[step], one);

function erase(one, path) {
  const last = steps(path).at(-1);
  if (path === last) {
    one[path] = null;
    return `${path}:add`;
  }
  const list = path.slice(0, path.lastIndexOf("["));
  at(one, list).splice(Number(last), 1);
  return `${list.replace(/\.of$/, "")}:add`;
}

function hooks(one, redraw) {
  const opened = (key) => ({ changed: () => { fault = null; }, closed: () => redrawn(key) });
  const before = () => JSON.stringify(one);
  let was = before();
  // A window that was only looked at leaves what was said of the block.
  const redrawn = (key) => {
    if (was !== before()) redraw(key);
    was = before();
  };
  const mine = () => (fault?.number === selected ? fault : null);
  return {
    add(path, kind) {
      const block = kind === "condition" ? { equation: [], operator: ">", value: 0, hysteresis: 0 } : { gate: kind, of: [] };
      const parent = at(one, path);
      if (!parent) one.condition = block;
      const place = parent ? `${path}.of[${parent.of.push(block) - 1}]` : path;
      redraw(`${place}:${kind === "condition" ? "edit" : "add"}`);
    },
    erase: (path) => redraw(erase(one, path)),
    edit: (path, block) => editCondition(block, path, mine(), opened(`${path}:edit`)),
    addAction: (side) => redraw(`${side}[${one[side].push(null) - 1}]:edit`),
    editAction(path) {
      const [side, number] = steps(path);
      editAction(one[side], Number(number), path, mine(), opened(`${path}:edit`));
    },
  };
}

// ---------------------------------------------------------------- as text

function asText(place, one) {
  const edited = element("textarea", { spellcheck: "false", "aria-label": `Text of automation ${selected + 1}`, "data-key": "text" }, text.value ?? JSON.stringify(one, null, 2));
  edited.addEventListener("input", () => { text.value = edited.value; });
  const made = element("details", { open: text.isOpen }, element("summary", {}, "As text"), edited, deed("Save text", save), ...answers());
  made.addEventListener("toggle", () => { text.isOpen = made.open; });
  async function save() {
    let news;
    try {
      news = JSON.parse(edited.value);
    } catch (error) {
      made.querySelector(".problem").textContent = `It is no JSON: ${error.message}`;
      return;
    }
    const all = draft.map((each, number) => (number === selected ? news : each));
    // Only what the gateway has taken can be drawn; until then it stays text.
    const done = await attempt(made, () => send("api/automation", { automations: all }));
    if (!done) return;
    told = done;
    adopt();
    draw(place);
    say(place.querySelector(".done"), "Saved.");
  }
  return made;
}

// ---------------------------------------------------------------- live preview

function preview(place) {
  const list = told.automations;
  const one = list[Math.min(selected, list.length - 1)];
  const bar = element("div", { class: "bar-of" }, turn(place), ...list.length ? [selector(place, list)] : []);
  if (!one) return [element("div", { class: "card automation" }, bar, element("p", { class: "quiet" }, "There is no automation yet."))];
  const runs = one.enabled ? `Enabled, ${one.mode === "continuous" ? "continuous" : "on change"}` : "Disabled";
  return [element("div", { class: "card automation" }, bar,
    element("h3", {}, one.description || "Without a description"),
    element("p", { class: "quiet" }, `${runs}${isDirty() ? ". What is not saved does not run and is not shown here" : ""}.`),
    circuit(one, one.live, null))];
}
