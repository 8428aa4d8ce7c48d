// The settings, tab by tab, with the manual's words. A tab is one form: what was changed in it is
// sent when it is saved, and nothing else.

import { showAutomations } from "./automation.js";
import { $, answers, attempt, element, get, send, table } from "./dom.js";

const BAUD = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200];
const ZONES = Intl.supportedValuesOf("timeZone");
const ON = [["false", "Disabled"], ["true", "Enabled"]];
const PARITY = [["none", "None"], ["odd", "Odd"], ["even", "Even"]];

let settings = {};
let status = {};
let tab = "general";

const at = (path) => path.split(".").reduce((part, name) => part[name], settings);

// ---------------------------------------------------------------- fields

function field(path, title, attributes = {}) {
  const value = at(path);
  const input = element("input", { name: path, value: String(value), autocomplete: "off", spellcheck: "false", ...(typeof value === "number" ? { type: "number", inputmode: "numeric" } : {}), ...attributes });
  return element("label", {}, title, input);
}

function secret(path, title) {
  // No password field: a browser would want to keep a gateway's secrets as the person's own.
  const input = element("input", { name: path, class: "secret", value: at(path), autocomplete: "off", spellcheck: "false", autocapitalize: "none" });
  input.addEventListener("focus", () => input.select());
  return element("label", {}, title, input);
}

function select(path, title, options) {
  const value = String(at(path));
  return element("label", {}, title, element("select", { name: path }, ...options.map(([one, called = one]) => element("option", { value: String(one), selected: String(one) === value }, String(called)))));
}

function radio(path, title, options) {
  const value = String(at(path));
  return element("fieldset", {}, element("legend", {}, title), element("div", { class: "choices" }, ...options.map(([one, called]) =>
    element("label", { class: "choice" }, element("input", { type: "radio", name: path, value: one, checked: one === value }), called))));
}

const card = (title, ...children) => element("div", { class: "card" }, element("h2", {}, title), ...children);
const pairs = (...children) => element("div", { class: "pairs" }, ...children);
const knobs = (...children) => element("div", { class: "knobs" }, ...children);

function button(title, work, place = null, done = "") {
  const made = element("button", { type: "button" }, title);
  made.addEventListener("click", async () => {
    made.disabled = true;
    await attempt(place ?? made.closest(".card"), work, done);
    made.disabled = false;
  });
  return made;
}

// What the form has that the settings have not, as a part of the settings; lists go as a whole.
function changes(form) {
  const part = {};
  for (const [path, text] of new FormData(form)) {
    const names = path.split(".");
    const old = at(path);
    const value = typeof old === "boolean" ? text === "true" : typeof old === "number" ? Number(text) : text;
    if (value === old) continue;
    let target = part;
    names.slice(0, -1).forEach((name, depth) => {
      const whole = names.slice(0, depth + 1).reduce((all, one) => all[one], settings);
      target[name] ??= Array.isArray(whole) ? structuredClone(whole) : {};
      target = target[name];
    });
    target[names.at(-1)] = value;
  }
  return part;
}

function whole(...cards) {
  const form = element("form", { novalidate: true }, ...cards, element("div", { class: "bar" }, element("button", { type: "submit", class: "save" }, "Save settings"), ...answers()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await save(changes(form), form.querySelector(".bar"));
  });
  form.addEventListener("change", () => enough(form));
  enough(form);
  return form;
}

// Hides what does not matter while something is set as it is.
function enough(form) {
  const values = new FormData(form);
  for (const block of form.querySelectorAll("[data-while]")) {
    const [path, wanted] = block.dataset.while.split("=");
    block.hidden = !wanted.split("|").includes(values.get(path));
  }
}

function only(path, wanted, ...children) {
  return element("div", { class: "knobs", "data-while": `${path}=${wanted}` }, ...children);
}

async function save(part, place) {
  const told = await attempt(place, () => send("api/settings", part), "Saved.");
  if (!told) return;
  const lost = settings.authentication.enabled !== told.settings.authentication.enabled;
  settings = told.settings;
  show(place.querySelector(".done")?.textContent);
  if (lost) dispatchEvent(new CustomEvent("refresh"));
}

// ---------------------------------------------------------------- tabs

const TABS = {
  general() {
    const networks = element("div", { class: "networks" });
    const general = card("General Settings", knobs(field("description", "Description", { maxlength: "40" }), field("location", "Location", { maxlength: "40" })),
      element("div", { class: "row" }, button("Blink LED", () => get("api/blink"), null, "The LED blinks for 30 seconds.")), ...answers());
    const modes = status.device.model_type === "SG-E1" ? [select("connectivity.mode", "Connection", [["ethernet", "Ethernet"], ["wifi", "WiFi"]])] : [];
    return whole(
      general,
      card("Authentication", radio("authentication.enabled", "Lock of the web interface", ON),
        only("authentication.enabled", "true", field("authentication.username", "Username"), secret("authentication.password", "Password"))),
      card("Connectivity", ...modes,
        element("div", { class: "networks" }, element("h3", {}, "Available WiFi networks"), networks, button("Scan networks", async () => listNetworks(networks))),
        knobs(field("connectivity.wifi_ssid", "WiFi SSID", { maxlength: "32" }), secret("connectivity.wifi_password", "WiFi password")),
        radio("connectivity.dhcp", "IP", [["true", "Obtain automatically (DHCP)"], ["false", "Static"]]),
        only("connectivity.dhcp", "false", field("connectivity.ip", "IP address"), field("connectivity.netmask", "Netmask"), field("connectivity.gateway", "Gateway")),
        knobs(field("modbus_address", "Local Modbus address", { min: "1", max: "247" })), ...answers()),
      card("Features", pairs(
        radio("features.modbus_tcp", "TCP Modbus", ON), only("features.modbus_tcp", "true", field("features.modbus_port", "Local TCP Modbus port")),
        radio("features.pulse_counter", "Pulse counter", ON), only("features.pulse_counter", "true", field("features.pulses_per_kwh", "Pulses/kWh")),
        radio("features.udp_discovery", "UDP Discovery", ON), element("span"),
        radio("features.temperature_input", "Temperature input", ON), radio("features.automation", "Automation", ON))),
      card("Time Settings", radio("time.ntp", "NTP Synchronization", ON),
        knobs(field("time.synchronization_h", "Time synchronization period, h", { min: "1", max: "255" }), select("time.zone", "Timezone", [...new Set([settings.time.zone, ...ZONES])].map((one) => [one]))),
        knobs(...settings.time.servers.map((_, number) => field(`time.servers.${number}`, `NTP server ${number + 1}`))),
        element("div", { class: "row" }, button("Set the clock by this browser", () => send("api/time", { utc: new Date().toISOString() }), null, "The clock is set.")), ...answers()));
  },

  communication: () => whole(...[1, 2].map((number) => {
    const path = `link_${number}`;
    return card(`Push / Publish Link ${number}`,
      radio(`${path}.kind`, "Kind", [["disabled", "Disabled"], ["mqtt", "MQTT"], ["tcp", "Standard TCP"]]),
      only(`${path}.kind`, "mqtt|tcp", field(`${path}.server`, "Server"), field(`${path}.port`, "Port")),
      only(`${path}.kind`, "tcp", field(`${path}.response_time_s`, "Push response time, s")),
      element("div", { "data-while": `${path}.kind=mqtt`, class: "knobs" },
        select(`${path}.protocol`, "MQTT protocol", [["tcp", "TCP"], ["secured", "MQTT Secured"], ["mutual", "MQTT Secured with Mutual Auth"]]),
        field(`${path}.username`, "MQTT username"), secret(`${path}.password`, "MQTT password"),
        field(`${path}.root_topic`, "MQTT root topic", { placeholder: status.device.serial_number }),
        field(`${path}.subscribe_topic`, "MQTT subscribe topic"), field(`${path}.publish_topic`, "MQTT publish topic")));
  })),

  ir: () => whole(
    card("IR Energy Counter", radio("left_ir.kind", "IR energy counter", [["disabled", "Disabled"], ["meter", "Enabled"]]),
      element("div", { class: "block", "data-while": "left_ir.kind=meter" }, knobs(field("left_ir.address", "IR energy counter Modbus address", { min: "0", max: "247" })), pushes("left_ir"),
        radio("left_ir.time_synchronization", "Time synchronization", ON),
        element("div", { class: "row" }, button("Clear the load recorder", () => send("api/load_profile/0/clear"), null, "The gateway's load recorder is empty."))), ...answers()),
    card("IR Bicom Relay", radio("right_ir.kind", "IR relay operating mode", [["disabled", "Not connected"], ["bicom", "Controlled by SG"]]),
      element("div", { class: "block", "data-while": "right_ir.kind=bicom" }, pushes("right_ir")))),

  rs485() {
    const found = element("div", { class: "wide-table" });
    const used = settings.rs485.map((one, number) => [one, number]).filter(([one]) => one.kind !== "disabled");
    const free = settings.rs485.findIndex((one) => one.kind === "disabled");
    const scan = card("Available RS485 Devices", found, ...answers());
    scan.querySelector("h2").after(element("div", { class: "row" },
      button("Scan for RS485 devices", () => listFound(found), scan),
      button("+ Add all devices", () => addFound({}, scan), scan)));
    const by_hand = card("Connected RS485 Devices", ...used.map(([, number]) => connected(number)), ...answers());
    by_hand.querySelector("h2").after(element("div", { class: "row" }, button("+ Add device", async () => {
      if (free < 0) return;
      await save({ rs485: settings.rs485.map((one, number) => (number === free ? { ...one, kind: "meter" } : one)) }, by_hand);
    }, by_hand)));
    return whole(
      card("RS485 Communication Parameters", knobs(select("rs485_line.baud_rate", "RS485 baud rate", BAUD.map((one) => [one])), select("rs485_line.parity", "RS485 parity", PARITY), select("rs485_line.stop_bits", "RS485 stop bits", [[1], [2]]))),
      scan, by_hand);
  },

  recorders: () => whole(...settings.recorders.map((one, number) => {
    const path = `recorders.${number}`;
    return card(`Recorder ${number + 1}`, radio(`${path}.enabled`, "State", ON),
      element("div", { class: "block", "data-while": `${path}.enabled=true` },
        knobs(select(`${path}.source`, "Interface", [["device", "Modbus"], ["pulse", "Pulse Counter"]])),
        only(`${path}.source`, "device", field(`${path}.address`, "Modbus address", { min: "0", max: "247" }),
          select(`${path}.resettable`, "Kind of counter", [["false", "Non Resettable"], ["true", "Resettable"]]), field(`${path}.counter`, "Counter", { min: "1", max: "16" })),
        element("div", { class: "row" }, button("Clear", () => send(`api/recorder/${number + 1}/clear`), null, "The recorder is empty."))), ...answers());
  })),

  automation() {
    const place = element("div", { class: "columns-one" });
    showAutomations(place);
    return place;
  },
};

function pushes(path) {
  return knobs(...[1, 2].flatMap((number) => [
    select(`${path}.link_${number}.enabled`, `Push/Publish on link ${number}`, [["false", "No"], ["true", "Yes"]]),
    field(`${path}.link_${number}.interval_s`, `Interval on link ${number}, s`, { min: "1" }),
  ]));
}

function connected(number) {
  const path = `rs485.${number}`;
  return element("div", { class: "block" }, element("h3", {}, `RS485 device ${number + 1}`),
    knobs(select(`${path}.kind`, "Device type", [["disabled", "Disabled"], ["meter", "Energy meter"], ["bicom", "Bicom"]]), field(`${path}.address`, "Modbus address", { min: "0", max: "247" })),
    pushes(path), radio(`${path}.time_synchronization`, "Time synchronization", ON));
}

// ---------------------------------------------------------------- what is looked for

async function listNetworks(place) {
  const { networks } = await get("api/wifi/scan-networks");
  const buttons = networks.map((one) => {
    const made = element("button", { type: "button" }, element("span", {}, one.ssid), element("span", { class: "quiet" }, `${one.secured ? "secured, " : "open, "}${one.signal_dbm} dBm`));
    made.addEventListener("click", () => {
      const form = made.form;
      form.elements["connectivity.wifi_ssid"].value = one.ssid;
      if (form.elements["connectivity.mode"]) form.elements["connectivity.mode"].value = "wifi";
      form.elements["connectivity.wifi_password"].focus();
    });
    return made;
  });
  place.replaceChildren(...(buttons.length ? buttons : [element("p", { class: "quiet" }, "No network is heard.")]));
}

async function listFound(place) {
  const { devices } = await get("api/rs485/scan-devices");
  if (!devices.length) {
    place.replaceChildren(element("p", { class: "quiet" }, "No device answers that is not in use. Devices with other communication parameters are not heard."));
    return;
  }
  const made = table(["Model", "Serial", "Address", "Baud rate", "Parity", "Stop bits", ""], devices.map((one) => foundRow(one)), "Devices that were found");
  made.classList.add("stack");
  for (const row of made.tBodies[0].rows) ["Serial", "Address", "Baud rate", "Parity", "Stop bits", ""].forEach((name, number) => { row.cells[number + 1].dataset.label = name; });
  place.replaceChildren(made);
}

function foundRow(one) {
  const address = element("input", { type: "number", value: String(one.address), min: "1", max: "247", "aria-label": `Address of ${one.serial}` });
  const pick = (name, options, value) => element("select", { "aria-label": `${name} of ${one.serial}` }, ...options.map(([key, called = key]) => element("option", { value: String(key), selected: String(key) === String(value) }, String(called))));
  const [baud, parity, stop] = [pick("Baud rate", BAUD.map((each) => [each]), one.baud_rate), pick("Parity", PARITY, one.parity), pick("Stop bits", [[1], [2]], one.stop_bits)];
  const add = element("button", { type: "button", "aria-label": `Add ${one.serial}` }, "+ Add device");
  add.addEventListener("click", () => {
    const place = add.closest(".card");
    return attempt(place, async () => {
      const wanted = { serial: one.serial, address: Number(address.value), baud_rate: Number(baud.value), parity: parity.value, stop_bits: Number(stop.value) };
      if (wanted.address !== one.address || wanted.baud_rate !== one.baud_rate || wanted.parity !== one.parity || wanted.stop_bits !== one.stop_bits) await send("api/rs485/set-parameters", wanted);
      await addFound({ serials: [one.serial] }, place);
    });
  });
  return [one.model, one.serial, address, baud, parity, stop, add];
}

async function addFound(fields) {
  ({ settings } = await send("api/rs485/add-devices", fields));
  show("Added.");
}

// ---------------------------------------------------------------- the tabs themselves

function show(done = "") {
  for (const one of document.querySelectorAll("[role=tab]")) {
    const isOpen = one.id === `tab-${tab}`;
    one.setAttribute("aria-selected", String(isOpen));
    one.tabIndex = isOpen ? 0 : -1;
  }
  $("panel").setAttribute("aria-labelledby", `tab-${tab}`);
  $("panel").replaceChildren(TABS[tab]());
  const place = $("panel").querySelector(".bar .done");
  if (place) place.textContent = done;
}

export async function showSettings(again) {
  if (again) {
    // What is being written stays; only whether the gateway is there, and lets one in, is looked at.
    if (tab === "automation" && $("panel").firstChild) await showAutomations($("panel").firstChild);
    else await get("api");
    return;
  }
  [{ settings }, status] = await Promise.all([get("api/settings"), get("api")]);
  show();
}

for (const one of document.querySelectorAll("[role=tab]")) {
  one.addEventListener("click", () => {
    tab = one.id.slice(4);
    if (status.device) show();
  });
  one.addEventListener("keydown", (event) => {
    const others = [...document.querySelectorAll("[role=tab]")];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = others[(others.indexOf(one) + step + others.length) % others.length];
    next.click();
    next.focus();
  });
}
