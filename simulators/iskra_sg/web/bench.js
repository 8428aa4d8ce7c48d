// The bench's corner: the hands of whoever stands before the gateway, and the installation around it.

import { $, answers, attempt, element, get, say, send } from "./dom.js";
import { part } from "./graphs.js";

let state = null;
const made = new Map();
const isTouched = (input) => input === document.activeElement || input.dataset.touched === "yes";
const offer = (input, value) => { if (!isTouched(input)) input.value = value; };
const card = (title, ...children) => element("div", { class: "card" }, element("h2", {}, title), ...children, ...answers());

async function act(place, verb, fields, done = "") {
  const told = await attempt(place, () => send(`bench/${verb}`, fields), done);
  if (told) {
    for (const input of place.querySelectorAll("[data-touched]")) delete input.dataset.touched;
    document.activeElement?.blur?.();
    renewAll(told);
  }
  return told;
}

function form(place, title, fields, work) {
  const own = element("form", { novalidate: true }, element("div", { class: "knobs" }, ...fields, element("button", { type: "submit" }, title)));
  own.addEventListener("submit", (event) => {
    event.preventDefault();
    work(Object.fromEntries(new FormData(own)), place());
  });
  return own;
}

const number = (title, name, more = {}) => element("label", {}, title, element("input", { name, type: "number", inputmode: "numeric", value: "0", ...more }));

function toggle(title, told, change) {
  const input = element("input", { type: "checkbox", role: "switch" });
  input.addEventListener("change", async () => { if (!await change(input.checked)) input.checked = !input.checked; });
  const label = element("label", { class: "switch" }, input, element("span", {}, title));
  if (told) label.append(element("span", { class: "quiet" }, told));
  return label;
}

function picture() {
  const svg = part("svg", { viewBox: "0 0 80 110", role: "img", "aria-label": "The gateway's front" });
  svg.append(part("rect", { class: "body", x: 22, y: 2, width: 36, height: 106, rx: 5 }), part("circle", { class: "led", id: "led", cx: 40, cy: 26, r: 7 }),
    part("circle", { class: "body", cx: 40, cy: 62, r: 11 }), part("text", { x: 40, y: 98, "text-anchor": "middle", "font-size": 9, fill: "currentColor" }, "SG"));
  return svg;
}

function front() {
  const hold = element("button", { type: "button", id: "hold" }, "Touch and hold");
  const place = card("Function button and LED",
    element("div", { class: "device" }, picture(), element("dl", { class: "facts" }, ...["LED", "Menu", "Connection", "Upgrade"].map((name) => element("div", {}, element("dt", {}, name), element("dd", { id: `bench-${name.toLowerCase()}` }, "–"))))),
    element("div", { class: "row" }, ...[["Short press, 2 s", "short"], ["Long press, 10 s", "long"]].map(([title, press]) => {
      const button = element("button", { type: "button" }, title);
      button.addEventListener("click", () => act(place, "button", { press }));
      return button;
    }), hold),
    toggle("A phone is on its access point", "while it is in provisioning mode", (on) => act(place, "client", { on })));
  const let_go = () => { if (hold.dataset.held) { delete hold.dataset.held; act(place, "button", { press: "release" }); } };
  const touch = () => { if (!hold.dataset.held) { hold.dataset.held = "yes"; act(place, "button", { press: "touch" }); } };
  hold.addEventListener("pointerdown", touch);
  for (const kind of ["pointerup", "pointerleave", "pointercancel"]) hold.addEventListener(kind, let_go);
  hold.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); touch(); } });
  hold.addEventListener("keyup", (event) => { if (event.key === " " || event.key === "Enter") let_go(); });
  made.set("client", place.querySelector("[role=switch]"));
  return place;
}

function clock() {
  const place = card("The gateway's clock", element("p", { class: "quiet", id: "bench-clock" }),
    form(() => place, "Set", [number("Ahead of the true time, s", "offset_s"), number("Drift, ppm", "drift_ppm")],
      (fields, own) => act(own, "clock", { offset_s: Number(fields.offset_s), drift_ppm: Number(fields.drift_ppm) }, "Set.")));
  return place;
}

function inputs() {
  const place = card("Pulse and temperature input", element("p", { class: "quiet", id: "bench-inputs" }),
    form(() => place, "Send pulses", [number("Pulses", "count", { min: "0", value: "1" })], (fields, own) => act(own, "pulses", { count: Number(fields.count) }, "Sent.")),
    form(() => place, "Warm the sensor", [element("label", {}, "Pt1000, °C; empty for none", element("input", { name: "celsius", inputmode: "decimal", autocomplete: "off" }))],
      (fields, own) => act(own, "temperature", { cdeg: fields.celsius.trim() === "" ? null : Math.round(Number(fields.celsius.replace(",", ".")) * 100) }, "Done.")));
  made.set("celsius", place.querySelector("[name=celsius]"));
  return place;
}

function loads() {
  const place = card("Loads", ...state.loads.map((one) => {
    const told = element("p", { class: "quiet" });
    made.set(`load ${one.name}`, told);
    const block = element("div", { class: "block" }, element("h3", {}, one.name), told);
    if (one.fed_by_hand) {
      block.append(form(() => place, "Feed", ["L1", "L2", "L3"].map((phase, index) => number(`${phase}, W`, phase, { value: String(one.power_w[index]) })),
        (fields, own) => act(own, "feed", { load: one.name, power_w: ["L1", "L2", "L3"].map((phase) => Number(fields[phase])) }, `${one.name} is fed.`)));
    }
    return block;
  }));
  if (!state.loads.length) place.append(element("p", { class: "quiet" }, "The site has none."));
  return place;
}

function meters() {
  const place = card("Power of the meters", ...state.meters.map((one) => {
    const label = toggle(`${one.model} ${one.serial}`, "", (has_power) => act(place, "meter", { serial: one.serial, has_power }));
    made.set(`meter ${one.serial}`, label.querySelector("input"));
    return label;
  }));
  return place;
}

function faults() {
  const place = card("Faults", ...state.faults.map((one) => {
    const knobs = Object.entries(one.settings).map(([name, value]) => number(name, name, { value: String(value), min: "0" }));
    const own = element("form", { class: "block", novalidate: true });
    const settings = () => Object.fromEntries([...new FormData(own)].map(([name, value]) => [name, Number(value)]));
    const label = toggle(one.name, one.sentence, (on) => act(place, "fault", { name: one.name, on, settings: settings() }));
    made.set(`fault ${one.name}`, label.querySelector("input"));
    own.append(label);
    if (knobs.length) own.append(element("div", { class: "knobs" }, ...knobs));
    own.addEventListener("submit", (event) => event.preventDefault());
    return own;
  }));
  return place;
}

function renewAll(told) {
  state = told;
  const led = $("led");
  led.dataset.colour = told.led.colour;
  led.dataset.rhythm = told.led.rhythm;
  say("bench-led", told.led.rhythm === "off" ? "off" : `${told.led.colour}, ${told.led.rhythm}`);
  say("bench-menu", told.button.selected || "closed");
  say("bench-connection", told.connection);
  say("bench-upgrade", told.upgrade);
  made.get("client").checked = told.access_point_client;
  const { offset_ms, drift_ppm } = told.clock;
  say("bench-clock", offset_ms || drift_ppm ? `It is ${Math.abs(offset_ms) / 1000} s ${offset_ms < 0 ? "behind" : "ahead"}, and drifts by ${drift_ppm} ppm.` : "It is right.");
  const cdeg = told.inputs.temperature_cdeg;
  say("bench-inputs", `${told.inputs.pulses} pulses; ${cdeg === null ? "no sensor" : `${cdeg / 100} °C`}. What is not enabled in SG Settings is not looked at.`);
  offer(made.get("celsius"), cdeg === null ? "" : String(cdeg / 100));
  for (const one of told.loads) say(made.get(`load ${one.name}`), `${one.is_on ? "" : "Switched off; it would draw "}${one.power_w.join(", ")} W on L1, L2, L3`);
  for (const one of told.meters) made.get(`meter ${one.serial}`).checked = one.has_power;
  for (const one of told.faults) made.get(`fault ${one.name}`).checked = one.on;
}

export async function showBench() {
  const told = await get("bench");
  if (!state) {
    state = told;
    $("bench-cards").replaceChildren(front(), clock(), inputs(), loads(), meters(), faults());
    $("bench-cards").addEventListener("input", (event) => { event.target.dataset.touched = "yes"; });
  }
  renewAll(told);
}
