// The gateway's page: the sections of the manual, each from the REST API, and the bench's corner.
//
// Rule 1: the page knows no rule of the gateway. What is refused is shown beside the control that
// was used, in the gateway's own words.
// Rule 2: what somebody is writing is never written over.

import { showBench } from "./bench.js";
import { $, Problem, answers, attempt, element, facts, get, renew, say, scaled, send, table } from "./dom.js";
import { showProfile, showRecorder } from "./profile.js";
import { showSettings } from "./settings.js";

const POLL_MS = 2000;

// ---------------------------------------------------------------- status

const GROUPS = [
  ["General", "device", [["Model type", "model_type"], ["Serial number", "serial_number"], ["Description", "description"], ["Location", "location"], ["Flash size", "flash_size"], ["EEPROM", "eeprom"]]],
  ["SG Status", "status", [["Connection mode", "connection_mode"], ["Connection", "connection"], ["WiFi SSID", "wifi_ssid"], ["Wifi signal level", "wifi_signal"], ["IP address", "ip_address"], ["MAC address", "mac_address"], ["App status", "app_status"], ["Upgrade status", "upgrade_status"], ["Link 1 status", "link_1_status"], ["Link 2 status", "link_2_status"], ["Settings CRC", "settings_crc"], ["Free memory", "free_memory"], ["Error flags", "error_flags"]]],
  ["Version Info", "device", [["SW version", "sw_ver"], ["HW version", "hw_ver"], ["Filesystem version", "fs_ver"]]],
  ["Other", "other", [["Active tariff", "active_tariff"], ["Temperature", "temperature"], ["Pulse counter", "pulse_counter"], ["Uptime", "uptime"], ["Local time", "local_time"]]],
];

async function showStatus() {
  const told = await get("api");
  named(told.device);
  renew($("status-groups"), told, () => GROUPS.map(([title, part, rows]) =>
    element("div", { class: "card" }, element("h2", {}, title),
      element("dl", { class: "facts" }, ...facts(rows.map(([name, key]) => [name, told[part][key]]))))));
}

function named(device) {
  document.title = `${device.model_type} ${device.serial_number}`;
  say("called", `${device.model_type} ${device.serial_number}`);
  say("described", [device.description, device.location].filter(Boolean).join(", "));
}

// ---------------------------------------------------------------- meters

// What can be chosen: places with a meter in them, by the number that the REST API gives them.
async function meters(section) {
  const [{ devices }, { bicoms }] = await Promise.all([get("api/devices"), get("api/bicoms")]);
  const switches = new Set(bicoms.map((one) => one.interface));
  const found = devices.filter((one) => one.interface !== "Right IR")
    .map((one, id) => ({ ...one, id }))
    .filter((one) => one.model !== "Disabled" && !switches.has(one.interface));
  const pick = section.querySelector("[data-meters]");
  renew(pick, found, () => {
    const before = pick.value;
    const options = found.map((one) => element("option", { value: String(one.id) }, `[${one.interface}] ${one.model} (${one.address})`));
    if (options.length) (options.find((one) => one.value === before) ?? options[0]).setAttribute("selected", "");
    return options;
  });
  return found.find((one) => String(one.id) === pick.value);
}

const NO_METER = () => element("p", { class: "card quiet" }, "No meter is enabled. Enable one in SG Settings, IR Devices or RS485.");

function about(meter) {
  return element("dl", { class: "card facts" }, ...facts([
    ["Device model", meter.model], ["Device serial number", meter.serial], ["Device Modbus address", meter.address],
    ["Device description", meter.description], ["Device location", meter.location]]));
}

async function ofMeter(section, path, make) {
  const meter = await meters(section);
  const body = section.querySelector("[data-body]");
  if (!meter) return renew(body, null, () => [NO_METER()]);
  try {
    const told = await get(`api/${path}/${meter.id}`);
    const status = await get("api");
    return renew(body, [meter, told, status.other.active_tariff, path === "measurements" && status.other.local_time], () => [about(meter), ...make(told, status)]);
  } catch (error) {
    if (error.status !== 409) throw error;
    return renew(body, [meter, error.message], () => [about(meter), element("p", { class: "problem" }, error.message)]);
  }
}

const POWERS = [["Real power", "P"], ["Reactive power", "Q"], ["Apparent power", "S"], ["Power factor", "PF"], ["Power angle", "PA", "°"]];
const OF_PHASE = [["U", "U"], ["I", "I"], ...POWERS, ["THD-Up", "THDUp", " %"], ["THD-I", "THDI", " %"]];

const quantities = (told, rows, prefix = "") => facts(rows.map(([name, key, unit = ""]) => [prefix ? `${prefix} ${name.toLowerCase()}` : name, `${told[key]}${unit}`]));

const showMeasurements = () => ofMeter($("measurements"), "measurements", ({ measurements: told }, status) => [
  element("div", { class: `columns${told.Phases.length === 3 ? " three" : ""}` }, ...told.Phases.map((one, number) =>
    element("div", { class: "card" }, element("h2", {}, `Phase ${number + 1}`), element("dl", { class: "facts" }, ...quantities(one, OF_PHASE))))),
  element("div", { class: "columns" },
    element("div", { class: "card" }, element("h2", {}, "Total"), element("dl", { class: "facts" }, ...quantities(told.Total, POWERS, "Total"))),
    element("div", { class: "card" }, element("h2", {}, "Others"), element("dl", { class: "facts" }, ...facts([
      ["Frequency", `${told.Frequency} Hz`], ["Internal temperature", `${told.Temperature} °C`],
      ["Active tariff", status.other.active_tariff], ["Local time", status.other.local_time]])))),
]);

const showCounters = () => ofMeter($("counters"), "counters", ({ counters }) =>
  [["Non-resettable counters", counters.non_resettable], ["Resettable counters", counters.resettable]]
    .filter(([, rows]) => rows.length)
    .map(([title, rows]) => element("div", { class: "card numbers" }, element("h2", {}, title),
      table(["Counter", "Value"], rows.map(counterRow), title))));

function counterRow(one) {
  const name = element("span", {}, `${one.name} – ${one.phase}`);
  if (!one.enabled) return [name, element("span", { class: "off" }, "Disabled")];
  name.append(element("span", { class: "tag" }, `Tariff: ${one.tariffs.join(" ")}`), element("span", { class: "tag" }, `Direction: ${one.direction}`));
  return [name, element("span", { title: `${one.value} ${one.unit}` }, scaled(one.value, one.unit))];
}

// ---------------------------------------------------------------- devices and switches

async function showDevices() {
  const { devices } = await get("api/devices");
  renew($("device-rows"), devices, () => {
    const made = table(["External device", "Model", "Serial no.", "Modbus addr.", "Description"], devices.map((one, id) => [
      place(one.interface), one.model === "Disabled" ? element("span", { class: "off" }, one.model) : one.model, one.serial,
      one.interface === "Right IR" ? "" : String(one.address), one.serial ? describing(one, id) : "",
    ]), "External devices");
    made.classList.add("stack");
    for (const row of made.tBodies[0].rows) {
      ["Model", "Serial no.", "Modbus addr.", "Description"].forEach((name, number) => { row.cells[number + 1].dataset.label = name; });
    }
    return [made];
  });
}

const place = (name) => (name.startsWith("RS485") ? name.replace("RS485", "RS485 device") : `${name} device`);

function describing(device, id) {
  const form = element("form", { class: "row", novalidate: true },
    element("input", { name: "description", value: device.description, maxlength: "40", "aria-label": `Description of ${device.interface}`, class: "grow" }),
    element("button", { type: "submit", "aria-label": `Save the description of ${device.interface}` }, "Save"), ...answers());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form, () => send("api/device", { id, description: form.elements.description.value }), "Saved.");
  });
  return form;
}

async function showBicoms() {
  const { bicoms } = await get("api/bicoms");
  renew($("bicom-rows"), bicoms, () => (bicoms.length ? bicoms.map(bicomCard) : [element("p", { class: "card quiet" }, "No Bicom is enabled. Enable one in SG Settings, IR Devices or RS485.")]));
}

function bicomCard(one) {
  const card = element("div", { class: "card" }, element("h2", {}, `${one.interface} – ${one.model}`),
    element("p", { class: "quiet" }, one.serial ? `${one.serial}${one.address ? `, address ${one.address}` : ""}` : "It does not answer."),
    element("p", { class: `state ${one.state}` }, `State: ${one.state}`));
  const row = element("div", { class: "row" });
  for (const [name, val] of [["ON", "on"], ["OFF", "off"], ["Toggle", "toggle"]]) {
    const button = element("button", { type: "button", disabled: !one.serial, "aria-label": `${name}: ${one.interface}` }, name);
    button.addEventListener("click", () => attempt(card, () => send("api/bicom", { id: one.id, val })).then(() => refresh()));
    row.append(button);
  }
  card.append(row, ...answers());
  return card;
}

// ---------------------------------------------------------------- files and upgrade

async function showFiles() {
  const { files } = await get("api/files");
  renew($("file-rows"), files, () => {
    if (!files.length) return [element("p", { class: "quiet" }, "There are no files.")];
    return [table(["Filename", "Type", "Size (bytes)", ""], files.map((one) => {
      const button = element("button", { type: "button", "aria-label": `Delete ${one.name}` }, "Delete");
      button.addEventListener("click", () => attempt($("file-form"), () => send(`api/files/${encodeURIComponent(one.name)}`, {}, "DELETE"), `${one.name} is deleted.`).then(() => refresh()));
      return [one.name, one.type, String(one.size), button];
    }), "Files")];
  });
}

$("file-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const [file] = form.elements.file.files;
  const done = await attempt(form, async () => {
    if (!file) throw new Problem(0, "Choose a file first.");
    return send("api/files", { name: file.name, content: await file.text() });
  }, `${file?.name} is there.`);
  if (done) form.reset();
  refresh();
});

async function showUpgrade() {
  const { device, status } = await get("api");
  renew($("upgrade-facts"), [device.sw_ver, status.upgrade_status], () => facts([["SW version", device.sw_ver], ["Upgrade status", status.upgrade_status]]));
}

$("upgrade-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const url = event.target.elements.url.value.trim();
  // As the manual says: who has started an upgrade is taken to the status page.
  if (await attempt(event.target, () => send("api/upgrade", { url }))) location.hash = "status";
});

// ---------------------------------------------------------------- login

$("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, password } = event.target.elements;
  if (await attempt(event.target, () => send("api/auth", { username: username.value, password: password.value }))) {
    password.value = "";
    isLocked = false;
    turn();
  }
});

$("logout").addEventListener("click", async () => {
  await attempt($("login-form"), () => send("api/logout"));
  lock();
});

let isLocked = false;
function lock() {
  isLocked = true;
  turn();
}
addEventListener("locked", lock);

// ---------------------------------------------------------------- sections

const SHOW = {
  status: showStatus, settings: showSettings, measurements: showMeasurements, counters: showCounters,
  profile: () => meters($("profile")).then(showProfile), recorder: showRecorder, devices: showDevices,
  bicoms: showBicoms, files: showFiles, upgrade: showUpgrade, bench: showBench,
};
const LIVE = new Set(["status", "settings", "measurements", "counters", "devices", "bicoms", "files", "upgrade", "bench"]);

let open = "";
let asking = false;
let next = null;

// again: whether it is only to be shown as it is now. What is asked for meanwhile comes after it.
async function refresh(again = true) {
  if (isLocked && open !== "bench") return;
  if (asking) {
    next = next !== false && again;
    return;
  }
  asking = true;
  try {
    const shown = open;
    await SHOW[shown](again);
    document.body.dataset.shown = shown;
    $("lost").hidden = true;
    if (open !== "bench") $("logout").hidden = !document.body.dataset.login;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 403) lock();
    else $("lost").hidden = false;
  } finally {
    asking = false;
  }
  if (next !== null) {
    const then = next;
    next = null;
    await refresh(then);
  }
}

function turn() {
  const wanted = location.hash.slice(1);
  open = wanted in SHOW ? wanted : "status";
  const shown = isLocked && open !== "bench" ? "login" : open;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${open}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (isLocked) {
    document.body.dataset.login = "yes";
    $("logout").hidden = true;
  }
  $("nav").classList.remove("open");
  $("menu").setAttribute("aria-expanded", "false");
  scrollTo(0, 0);
  refresh(false);
}

$("menu").addEventListener("click", () => {
  $("menu").setAttribute("aria-expanded", String($("nav").classList.toggle("open")));
});
for (const pick of document.querySelectorAll("[data-meters]")) pick.addEventListener("change", () => refresh());
addEventListener("hashchange", turn);
addEventListener("resize", () => { if (open === "profile" || open === "recorder") refresh(); });
addEventListener("refresh", () => refresh());
setInterval(() => { if (LIVE.has(open) && document.visibilityState === "visible") refresh(); }, POLL_MS);
turn();
if (open !== "status") get("api").then(({ device }) => named(device)).catch(() => {});
