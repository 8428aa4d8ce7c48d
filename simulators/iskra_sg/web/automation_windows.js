// The windows of the automation editor (figures 55 to 70): a condition, one of its inputs, an
// action. What is chosen goes into the automation at once; "Close" only closes, as at the gateway.

import { element, get } from "./dom.js";
import { icon, mark } from "./automation_tree.js";
import { DEVICES, FUNCTIONS, INTERFACES, KINDS, OPERATORS, PARTS, PHASES, PROPERTIES, QUANTITIES, TYPES, bandText, inputText, signOf, unitOf } from "./automation_words.js";

// ---------------------------------------------------------------- parts of a window

// Opens a window; `make(redo)` gives what stands in it, and `redo(key)` makes that anew.
function show(title, make, fault, closed) {
  const body = element("div", { class: "fields" });
  const close = element("button", { type: "button", class: "main" }, "✕ Close");
  const dialog = element("dialog", { "aria-label": title }, element("h2", {}, title), body, element("div", { class: "row" }, close));
  const redo = (key) => {
    body.replaceChildren(...make(redo));
    if (key) body.querySelector(`[data-key="${key}"]`)?.focus();
  };
  // At once, and not with the event that follows: who types on is already in the window below.
  const shut = () => {
    if (!dialog.isConnected) return;
    dialog.close();
    dialog.remove();
    closed();
  };
  close.addEventListener("click", shut);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    shut();
  });
  dialog.addEventListener("close", shut);
  redo();
  mark(body, fault);
  document.body.append(dialog);
  dialog.showModal();
}

const labelled = (title, path, ...controls) => element("label", { "data-path": path }, title, ...controls);

function pick(title, path, options, value, chosen) {
  const control = element("select", { "data-key": path }, ...Object.entries(options).map(([key, called]) => element("option", { value: key, selected: key === String(value) }, called)));
  control.addEventListener("change", () => chosen(control.value));
  return labelled(title, path, control);
}

// An empty field stays empty, so that the gateway refuses it: an empty one is no 0.
function number(title, path, value, typed, { unit = "", ...attributes } = {}) {
  const control = element("input", { type: "number", step: "any", value: String(value), autocomplete: "off", "data-key": path, ...attributes });
  control.addEventListener("input", () => typed(control.value === "" ? "" : Number(control.value)));
  return labelled(title, path, element("span", { class: "with-unit" }, control, ...unit ? [element("span", {}, unit)] : []));
}

function line(title, path, value, typed, attributes) {
  const control = element("input", { value, autocomplete: "off", spellcheck: "false", "data-key": path, ...attributes });
  control.addEventListener("input", () => typed(control.value));
  return labelled(title, path, control);
}

const numbered = (...numbers) => Object.fromEntries(numbers.map((one) => [one, String(one)]));
const only = (names, all) => Object.fromEntries(names.map((one) => [one, all[one]]));
const knobs = (...children) => element("div", { class: "knobs" }, ...children);

// ---------------------------------------------------------------- who can be chosen

const portOf = (name) => ({ "Left IR": "left_ir", "Right IR": "right_ir" })[name] ?? "rs485";
const whoIs = (one) => ({ interface: portOf(one.interface), address: one.interface === "Right IR" ? 0 : one.address, called: `[${one.interface}] ${one.model}${one.interface === "Right IR" ? "" : ` (${one.address})`}` });

async function switches() {
  return (await get("api/bicoms")).bicoms.map(whoIs);
}

async function meters() {
  const [{ devices }, { bicoms }] = await Promise.all([get("api/devices"), get("api/bicoms")]);
  const others = new Set(["Right IR", ...bicoms.map((one) => one.interface)]);
  return devices.filter((one) => one.model !== "Disabled" && !others.has(one.interface)).map(whoIs);
}

function device(path, found, now, chosen) {
  const place = (one) => `${one.interface} ${one.address}`;
  const known = new Map(found.map((one) => [place(one), one]));
  const options = { "": "Another one", ...Object.fromEntries(found.map((one) => [place(one), one.called])) };
  return pick("Select device", `${path}.device-list`, options, known.has(place(now)) ? place(now) : "", (value) => {
    if (value) chosen({ interface: known.get(value).interface, address: known.get(value).address });
  });
}

// ---------------------------------------------------------------- a condition

export function editCondition(condition, path, fault, { changed, closed }) {
  const rows = (redo) => condition.equation.map((term, place) => {
    const [own, text] = [`${path}.equation[${place}]`, inputText(term.input)];
    const sign = element("button", { type: "button", class: "icon", "data-key": `${own}.sign`, "aria-label": `${term.sign === "-" ? "Subtracted; add" : "Added; subtract"} it instead: ${text}` }, signOf(term.sign));
    sign.addEventListener("click", () => {
      term.sign = term.sign === "-" ? "+" : "-";
      changed();
      redo(`${own}.sign`);
    });
    return element("li", { class: "action", "data-path": own }, sign, element("span", { class: "title" }, text),
      icon("edit", `Edit input: ${text}`, () => editInput(term, `${own}.input`, fault, { changed, closed: () => redo(`${own}:edit`) }), `${own}:edit`),
      icon("erase", `Erase input: ${text}`, () => {
        condition.equation.splice(place, 1);
        changed();
        redo(`${path}:add`);
      }, `${own}:erase`));
  });
  const make = (redo) => {
    const add = element("button", { type: "button", "data-key": `${path}:add` }, "+ Add new input");
    add.addEventListener("click", () => {
      condition.equation.push({ sign: "+", input: null });
      changed();
      redo(`${path}.equation[${condition.equation.length - 1}]:edit`);
    });
    const band = element("output", { class: "band" }, bandText(condition));
    const typed = (name) => (value) => {
      condition[name] = value;
      band.textContent = bandText(condition);
      changed();
    };
    const unit = unitOf(condition);
    return [element("h3", {}, "Equation"), element("ul", { class: "actions" }, ...rows(redo)), add,
      knobs(pick("Operator", `${path}.operator`, Object.fromEntries(OPERATORS.map((one) => [one, one])), condition.operator, typed("operator")),
        number("Value", `${path}.value`, condition.value, typed("value"), { unit }),
        number("Hysteresis ±", `${path}.hysteresis`, condition.hysteresis, typed("hysteresis"), { unit, min: "0" })),
      band];
  };
  show("EDIT - Condition", make, fault, closed);
}

// ---------------------------------------------------------------- an input

const INPUTS = {
  meter: (place) => ({ property: "meter", ...place, quantity: "active_power", phase: "total" }),
  counter: (place) => ({ property: "counter", ...place, kind: "non_resettable", counter: 1 }),
  time: () => ({ property: "time", part: "hour" }),
  modbus: () => ({ property: "modbus", address: 1, function: 3, register: 0, type: "uint16" }),
};

async function editInput(term, path, fault, { changed, closed }) {
  const found = await meters().catch(() => []);
  const somebody = found[0] ?? { interface: "left_ir", address: 33 };
  const make = (redo) => {
    const put = (name) => (value) => {
      term.input[name] = value;
      changed();
    };
    const pickProperty = (value) => {
      if (!value) return;
      term.input = INPUTS[value]?.({ interface: somebody.interface, address: somebody.address }) ?? { property: value };
      changed();
      redo(`${path}.property`);
    };
    const properties = { ...term.input ? {} : { "": "Choose one" }, ...PROPERTIES };
    const place = () => [
      device(path, found, term.input, (other) => {
        Object.assign(term.input, other);
        changed();
        redo(`${path}.device-list`);
      }),
      pick("Interface", `${path}.interface`, only(["left_ir", "rs485"], INTERFACES), term.input.interface, put("interface")),
      number("Address", `${path}.address`, term.input.address, put("address"))];
    return [pick("Property", `${path}.property`, properties, term.input?.property, pickProperty), knobs(...FIELDS[term.input?.property]?.(term.input, path, { place, put, redo }) ?? [])];
  };
  show("EDIT - Input", make, fault, closed);
}

// What is asked for of each property.
const FIELDS = {
  meter(input, path, { place, put, redo }) {
    const quantities = Object.fromEntries(Object.entries(QUANTITIES).map(([key, [called, unit]]) => [key, unit ? `${called} (${unit})` : called]));
    const [, , phases] = QUANTITIES[input.quantity];
    return [...place(),
      pick("Measurement", `${path}.quantity`, quantities, input.quantity, (value) => {
        const [, , others] = QUANTITIES[value];
        if (!others.includes(input.phase)) [input.phase] = others;
        put("quantity")(value);
        redo(`${path}.quantity`);
      }),
      pick("Phase", `${path}.phase`, Object.fromEntries(phases.map((one) => [one, one === PHASES[0] ? "Total" : one])), input.phase, put("phase"))];
  },
  counter: (input, path, { place, put }) => [...place(),
    pick("Kind of counter", `${path}.kind`, KINDS, input.kind, put("kind")),
    number("Counter", `${path}.counter`, input.counter, put("counter"), { min: "1" })],
  time: (input, path, { put }) => [pick("Part of the time", `${path}.part`, PARTS, input.part, put("part"))],
  modbus: (input, path, { put }) => [
    number("Slave address", `${path}.address`, input.address, put("address")),
    pick("Function code", `${path}.function`, numbered(3, 4), input.function, (value) => put("function")(Number(value))),
    number("Register", `${path}.register`, input.register, put("register")),
    pick("Type", `${path}.type`, TYPES, input.type, put("type"))],
};

// ---------------------------------------------------------------- an action

const ACTIONS = {
  bicom: (place) => ({ device: "bicom", ...place, function: "on" }),
  mqtt: () => ({ device: "mqtt", link: 1, subtopic: "", message: "" }),
  modbus: () => ({ device: "modbus", address: 1, function: 6, register: 0, type: "uint16", value: 0 }),
};

// actions, at: the list that the action stands in, and where.
export async function editAction(actions, at, path, fault, { changed, closed }) {
  const found = await switches().catch(() => []);
  const somebody = found[0] ?? { interface: "right_ir", address: 0 };
  const make = (redo) => {
    const action = actions[at];
    const put = (name) => (value) => {
      action[name] = value;
      changed();
    };
    const pickDevice = (value) => {
      if (!value) return;
      actions[at] = ACTIONS[value]({ interface: somebody.interface, address: somebody.address });
      changed();
      redo(`${path}.device`);
    };
    const devices = { ...action ? {} : { "": "Choose one" }, ...DEVICES };
    return [pick("Device", `${path}.device`, devices, action?.device, pickDevice), knobs(...DEEDS[action?.device]?.(action, path, { found, put, redo, changed }) ?? [])];
  };
  show("EDIT - Action", make, fault, closed);
}

const DEEDS = {
  bicom(action, path, { found, put, redo, changed }) {
    const settle = (other, key) => {
      Object.assign(action, other);
      if (action.interface === "right_ir") action.address = 0;
      changed();
      redo(key);
    };
    // A switch at the right IR port has no address.
    const address = action.interface === "right_ir" ? [] : [number("Address", `${path}.address`, action.address, put("address"))];
    return [device(path, found, action, (other) => settle(other, `${path}.device-list`)),
      pick("Interface", `${path}.interface`, only(["right_ir", "rs485"], INTERFACES), action.interface, (value) => settle({ interface: value }, `${path}.interface`)),
      ...address, pick("Function", `${path}.function`, FUNCTIONS, action.function, put("function"))];
  },
  mqtt: (action, path, { put }) => [
    pick("Link", `${path}.link`, { 1: "Link 1", 2: "Link 2" }, action.link, (value) => put("link")(Number(value))),
    line("Subtopic", `${path}.subtopic`, action.subtopic, put("subtopic"), { autocapitalize: "none" }),
    line("Message", `${path}.message`, action.message, put("message"), {})],
  modbus: (action, path, { put }) => [
    number("Slave address", `${path}.address`, action.address, put("address")),
    pick("Function code", `${path}.function`, numbered(6, 16), action.function, (value) => put("function")(Number(value))),
    number("Register", `${path}.register`, action.register, put("register")),
    pick("Type", `${path}.type`, TYPES, action.type, put("type")),
    number("Value", `${path}.value`, action.value, put("value"))],
};
