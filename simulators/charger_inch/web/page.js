// The charger's page: shows what the charger tells of itself, and lets a person use it.
//
// Rule 1: the page knows no rule of the charger. What can be done, and why not, comes with the
// state; a refusal is shown beside the control that was used, in the charger's own words.
// Rule 2: what somebody is writing is never written over.

import { Chart } from "./chart.js";

const $ = (id) => document.getElementById(id);
const state = {};
const chart = new Chart($("chart"));

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function say(id, text) {
  // Only what changed: a screen reader hears of a live region that is written to.
  const node = $(id);
  if (node.textContent !== String(text)) node.textContent = text;
}

function local(stamp) {
  return new Date(stamp).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

const isTouched = (input) => input === document.activeElement || input.dataset.touched === "yes";

function offer(input, value) {
  if (!isTouched(input)) input.value = value;
}

// ---------------------------------------------------------------- what it shows

const show = {
  time(time) {
    say("clock", local(time));
  },

  charger(charger) {
    document.title = `${charger.identity} – charger`;
    say("identity", charger.identity);
    say("make", `${charger.vendor} ${charger.model}`);
    say("serial", charger.serial);
    say("firmware", charger.firmware);
    say("cable-kind", charger.fixed_cable ? "fixed" : "socket with a lock");
    offer($("new-identity"), charger.identity);
    for (const radio of $("order").elements.big_endian_cards) {
      radio.checked = radio.value === String(charger.big_endian_cards);
    }
    showIdTag();
  },

  status(status) {
    // The brief in the header tells the power as well; it follows when that is shown.
    show.values(state.values);
    document.body.dataset.status = status.word;
    say("word", status.word);
    say("sentence", status.sentence);
    say("display", status.display);
    const error = status.error;
    $("error").hidden = !error;
    say("error", error ? `${error.error_code}${error.vendor_error_code && ` (${error.vendor_error_code})`}: ${error.title}` : "");
  },

  values(values) {
    const kw = Number(values.power_kw);
    say("power", kw.toFixed(kw < 10 ? 2 : 1));
    say("brief", kw ? `${state.status.word}, ${kw.toFixed(1)} kW` : state.status.word);
    $("arc").setAttribute("stroke-dasharray", `${Math.min(100, (kw / 22) * 100)} 100`);
    say("energy", values.energy_kwh);
    for (const phase of [0, 1, 2]) {
      say(`current-${phase}`, values.currents_a[phase]);
      say(`voltage-${phase}`, values.voltages_v[phase]);
    }
    say("frequency", values.frequency_hz);
    say("power-factor", values.power_factor);
    say("offered", values.offered_a);
    chart.add(kw);
  },

  connector(connector) {
    const car = connector.car;
    $("car").hidden = !car;
    $("car-fields").hidden = Boolean(car);
    if (car) {
      const phases = car.phases === 1 ? "one phase" : `${car.phases} phases`;
      say("car-told", `A car on ${phases}, at most ${car.max_current_a} A, cable for ${car.cable_a} A`);
      $("battery").value = car.charge_percent;
      say("battery-told", `${car.charge_percent} % of ${(car.battery_wh / 1000).toFixed(1)} kWh`);
    }
    const cable = connector.cable_is_in ? (car ? "" : "The cable is in the charger, without a car. ") : "No cable is in the charger.";
    say("cable-told", cable + (connector.is_locked ? "The lock holds the cable." : ""));
  },

  transaction(transaction) {
    $("transaction").hidden = !transaction;
    $("no-transaction").hidden = Boolean(transaction);
    say("session", transaction ? transaction.energy_kwh : "none");
    say("session-unit", transaction ? "kWh" : "");
    if (!transaction) return;
    say("transaction-card", transaction.id_tag);
    say("transaction-since", local(transaction.started));
    say("transaction-energy", transaction.energy_kwh);
    say("transaction-number", transaction.number ?? "not known yet");
  },

  line(line) {
    $("line-pill").classList.toggle("up", line.is_up);
    say("line-word", line.is_up ? "Online" : "Offline");
    say("line-state", line.is_up ? "up" : line.is_whole ? "down, the charger tries again" : "cut");
    say("registration", line.registration);
    say("line-url", line.url || "none");
    say("queued", line.queued);
    $("dropped-row").hidden = !line.dropped;
    say("dropped", line.dropped);
    for (const id of ["line-problem", "backend-problem"]) say(id, line.is_up ? "" : line.problem);
    say("listed-cards", line.listed_cards.toLocaleString("en"));
    offer($("backend"), line.endpoint);
  },

  obstacles(obstacles) {
    for (const button of document.querySelectorAll("[data-can]")) {
      const why = obstacles[button.dataset.can];
      button.disabled = Boolean(why) || button.getAttribute("aria-busy") === "true";
      const hint = button.querySelector("small");
      if (hint) hint.textContent = why || hint.dataset.hint;
    }
    for (const input of document.querySelectorAll("#settings input, #key-rows input, #key-rows select")) {
      input.disabled = Boolean(obstacles.set);
    }
  },

  cards(cards) {
    $("cards").replaceChildren(...cards.map((card) => {
      const number = card.uid.match(/../g).join(":");
      const who = card.holder === "somebody" ? [] : [element("small", { class: "quiet" }, card.holder)];
      const button = element("button", { type: "button" }, element("span", { class: "mono" }, number), ...who);
      button.addEventListener("click", () => {
        $("uid").value = number;
        showIdTag();
      });
      return button;
    }));
    if (cards.length) $("uid").value = cards[0].uid.match(/../g).join(":");
    showIdTag();
  },

  errors(errors) {
    $("errors").replaceChildren(...errors.map((one) =>
      element("option", { value: one.vendor_error_code }, `${one.vendor_error_code} ${one.title}`)));
    tellError();
  },

  intervals: showIntervals,

  configuration(keys) {
    for (const key of keys) showKey(key);
    for (const form of $("intervals").children) {
      offer(form.elements.value, keys.find((one) => one.key === form.elements.key.value)?.value ?? "");
    }
    filterKeys();
  },

  faults(faults) {
    for (const fault of faults) showHabit(fault);
    filterHabits();
  },

  journal(lines) {
    $("journal-lines").replaceChildren(...lines.toReversed().map((line) => {
      const [stamp, ...words] = line.split(" ");
      return element("li", {}, element("time", { datetime: stamp }, local(stamp)), element("span", {}, words.join(" ")));
    }));
  },
};

function apply(changes) {
  // What is the same is left alone: somebody may be using what it was made of.
  const names = Object.keys(changes).filter((name) => JSON.stringify(state[name]) !== JSON.stringify(changes[name]));
  Object.assign(state, changes);
  for (const name of names) show[name]?.(state[name]);
  // Rows that have just been made do not know yet what can be done.
  if (names.includes("configuration") || names.includes("intervals")) show.obstacles(state.obstacles);
}

function showIdTag() {
  const plain = $("uid").value.replace(/[:\s-]/g, "").toUpperCase();
  const whole = /^([0-9A-F]{2})+$/.test(plain) && [8, 14, 20].includes(plain.length);
  const bytes = plain.match(/../g) ?? [];
  const told = state.charger?.big_endian_cards ? bytes : bytes.reverse();
  say("id-tag", whole ? `The backend is told ${told.join("")}.` : "A card's number has 8, 14 or 20 hex digits.");
  for (const button of $("cards").children) {
    button.setAttribute("aria-pressed", String(button.firstChild.textContent.replaceAll(":", "") === plain));
  }
}

function tellError() {
  const error = state.errors?.find((one) => one.vendor_error_code === $("errors").value);
  if (!error) return;
  const stops = error.stops ? "it ends a transaction" : "a transaction goes on";
  say("error-told", `${error.error_code}; ${error.faulted ? "the connector is Faulted" : "the connector can be used"}, ${stops}.`);
}

function showIntervals(intervals) {
  $("intervals").replaceChildren(...Object.entries(intervals).map(([key, title]) =>
    element("form", { class: "inline", "data-path": "configuration", novalidate: true },
      element("input", { type: "hidden", name: "key", value: key }),
      element("label", {}, title, element("input", { name: "value", inputmode: "numeric", autocomplete: "off", "aria-description": key })),
      element("button", { type: "submit", class: "save", "data-can": "set", "aria-label": `Save ${title}` }, "Save"),
      ...answers())));
}

function answers() {
  return [element("p", { class: "problem", role: "alert" }), element("p", { class: "done", role: "status" })];
}

// ---------------------------------------------------------------- keys

function showKey(key) {
  const row = $(`key-${key.key}`) ?? $("key-rows").appendChild(makeKey(key));
  const input = row.querySelector("[name=value]");
  if (input) offer(input, key.value);
  else row.querySelector(".read-only").textContent = key.value;
}

function makeKey(key) {
  const row = element("tr", { id: `key-${key.key}`, "data-words": key.key.toLowerCase() });
  row.append(element("th", { scope: "row" }, key.key));
  if (key.readonly) {
    row.dataset.readonly = "yes";
    row.append(element("td", {}, element("span", { class: "read-only" }), " ", element("span", { class: "tag" }, "read only")));
    return row;
  }
  const name = { name: "value", "aria-label": key.key, autocomplete: "off", spellcheck: "false", autocapitalize: "none" };
  const input = key.takes === "true or false"
    ? element("select", { name: "value", "aria-label": key.key }, element("option", {}, "true"), element("option", {}, "false"))
    : element("input", name);
  row.append(element("td", {},
    element("form", { class: "value", "data-path": "configuration", novalidate: true },
      element("input", { type: "hidden", name: "key", value: key.key }),
      input,
      element("button", { type: "submit", class: "save", "data-can": "set", "aria-label": `Save ${key.key}` }, "Save"),
      element("p", { class: "quiet" }, `Takes ${key.takes}.`),
      ...answers())));
  return row;
}

function filterKeys() {
  const words = $("key-words").value.trim().toLowerCase();
  let shown = 0;
  for (const row of $("key-rows").children) {
    row.hidden = !row.dataset.words.includes(words) || ($("editable-only").checked && row.dataset.readonly === "yes");
    shown += !row.hidden;
  }
  say("key-count", `${shown} of ${$("key-rows").children.length} keys`);
}

// ---------------------------------------------------------------- habits

function showHabit(fault) {
  const row = $(`habit-${fault.name}`) ?? $("habit-rows").appendChild(makeHabit(fault));
  row.querySelector("[role=switch]").checked = fault.on;
  for (const [name, value] of Object.entries(fault.settings)) offer(row.querySelector(`[name="${name}"]`), value);
  const apply = row.querySelector(".save");
  if (apply) apply.hidden = !fault.on;
}

function makeHabit(fault) {
  const row = element("li", { id: `habit-${fault.name}`, "data-words": `${fault.name} ${fault.row} ${fault.sentence}`.toLowerCase() });
  const toggle = element("input", { type: "checkbox", role: "switch" });
  const title = element("span", {}, element("b", {}, fault.name));
  if (fault.row) title.append(element("span", { class: "tag" }, fault.row));
  const form = element("form", { novalidate: true },
    element("label", { class: "habit" }, toggle, title, element("span", { class: "told" }, fault.sentence)));
  const names = Object.keys(fault.settings);
  const settings = () => Object.fromEntries(names.map((name) => [name, form.elements[name].value]));
  const set = async (on) => {
    if (!await send("faults", { name: fault.name, on, settings: on ? settings() : {} }, form)) {
      toggle.checked = state.faults.find((one) => one.name === fault.name).on;
    } else for (const name of names) delete form.elements[name].dataset.touched;
  };
  toggle.addEventListener("change", () => set(toggle.checked));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set(true);
  });
  if (names.length) {
    form.append(element("div", { class: "knobs" },
      ...names.map((name) => element("label", {}, name, knob(name, fault.choices[name]))),
      element("button", { type: "submit", class: "save" }, "Apply")));
  }
  form.append(...answers());
  row.append(form);
  return row;
}

function knob(name, choices) {
  if (!choices) return element("input", { name, autocomplete: "off" });
  return element("select", { name }, ...choices.map((choice) => element("option", {}, choice)));
}

function filterHabits() {
  const words = $("habit-words").value.trim().toLowerCase();
  for (const row of $("habit-rows").children) row.hidden = !row.dataset.words.includes(words);
  const on = state.faults.filter((one) => one.on).length;
  say("habit-count", `${on} of ${state.faults.length} are on`);
}

// ---------------------------------------------------------------- what it takes

async function send(path, fields, place, button = null) {
  const problem = place.querySelector(".problem");
  const done = place.querySelector(".done");
  problem.textContent = "";
  if (done) done.textContent = "";
  if (button) {
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
  }
  let answer;
  try {
    const said = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });
    answer = await said.json();
  } catch {
    answer = { error: "The charger does not answer; nothing is known to have happened." };
  }
  if (button) button.removeAttribute("aria-busy");
  if (answer.state) apply(answer.state);
  // Whether anything has changed or not: the button that was used waits for it.
  if (state.obstacles) show.obstacles(state.obstacles);
  if (answer.error) problem.textContent = answer.error;
  else if (done) done.textContent = "Saved.";
  return !answer.error;
}

function fieldsOf(form) {
  const fields = Object.fromEntries(new FormData(form));
  if (form.id === "plug-in") {
    const battery_wh = Math.round(Number(fields.battery_kwh) * 1000);
    delete fields.battery_kwh;
    const numbers = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Number(value)]));
    return { ...numbers, battery_wh };
  }
  if (form.id === "order") return { big_endian_cards: fields.big_endian_cards === "true" };
  return fields;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  const path = form.dataset.verb ? `verbs/${form.dataset.verb}` : form.dataset.path;
  if (!path) return;
  if (await send(path, fieldsOf(form), form, event.submitter)) {
    for (const input of form.elements) delete input.dataset.touched;
    for (const name of ["charger", "line", "configuration"]) show[name](state[name]);
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-verb]");
  if (button) send(`verbs/${button.dataset.verb}`, {}, button.closest("form"), button);
});

document.addEventListener("input", (event) => {
  event.target.dataset.touched = "yes";
});

$("order").addEventListener("change", async () => {
  await send("settings", fieldsOf($("order")), $("order"));
  show.charger(state.charger);
});
$("uid").addEventListener("input", showIdTag);
$("errors").addEventListener("change", tellError);
$("key-words").addEventListener("input", filterKeys);
$("editable-only").addEventListener("change", filterKeys);
$("habit-words").addEventListener("input", filterHabits);
$("plug-in").elements.charge_percent.addEventListener("input", (event) => say("charge-told", `${event.target.value} %`));

$("car-kind").addEventListener("change", () => {
  if (!$("car-kind").value) return;
  const fields = $("plug-in").elements;
  const [phases, current, battery, charge] = $("car-kind").value.split(" ");
  Object.assign(fields.phases, { value: phases });
  Object.assign(fields.max_current_a, { value: current });
  Object.assign(fields.battery_kwh, { value: battery });
  Object.assign(fields.charge_percent, { value: charge });
  say("charge-told", `${charge} %`);
});
$("plug-in").addEventListener("input", (event) => {
  if (event.target.name) $("car-kind").value = "";
});

// ---------------------------------------------------------------- parts of the page

function turn() {
  const wanted = location.hash.slice(1);
  const sections = [...document.querySelectorAll("main > section")];
  const open = sections.find((one) => one.id === wanted) ?? sections[0];
  for (const section of sections) section.hidden = section !== open;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${open.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  chart.draw();
}

addEventListener("hashchange", turn);
addEventListener("resize", () => chart.draw());
turn();

// ---------------------------------------------------------------- what changes

const changes = new EventSource("changes");
changes.addEventListener("open", () => { $("lost").hidden = true; });
changes.addEventListener("message", (event) => apply(JSON.parse(event.data)));
changes.addEventListener("error", () => {
  $("lost").hidden = false;
  say("line-word", "Unknown");
  $("line-pill").classList.remove("up");
});
setInterval(() => chart.draw(), 1000);
