// Load profile and recorder graph: the pictures of §4.1.5 and §4.1.6, with tables of the same.

import { $, element, get, renew, say, scaled, table } from "./dom.js";
import { draw } from "./graphs.js";

const AUTO_MS = 5 * 60 * 1000;
const QUARTER_MS = 15 * 60 * 1000;
const KEPT = "gateway-equations";

let zone = "UTC";
let rows = [];
let equations = [];
let timer = null;

const dayOf = (end) => new Date(end - QUARTER_MS).toLocaleDateString("sv-SE", { timeZone: zone });
const timeOf = (instant) => new Date(instant).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const profiles = new Map();

async function profileOf(id) {
  if (!profiles.has(id)) profiles.set(id, get(`api/load_profile/${id}`).then(({ load_profile: told }) => told));
  return profiles.get(id);
}

export async function showProfile(meter) {
  say("profile-problem", meter ? "" : "No meter is enabled. Enable one in SG Settings, IR Devices or RS485.");
  if (!meter) return;
  profiles.clear();
  ({ settings: { time: { zone } } } = await get("api/settings"));
  const kept = localStorage.getItem(KEPT) ?? "[]";
  if (kept !== JSON.stringify(equations)) equations = JSON.parse(kept);
  showEquations();
  await take(meter.id);
}

async function take(id) {
  const isCalculated = $("profile-mode").value === "calculated";
  for (const one of document.querySelectorAll("#profile [data-calculated]")) one.hidden = !isCalculated;
  for (const one of document.querySelectorAll("#profile [data-normal]")) one.hidden = isCalculated;
  try {
    rows = isCalculated ? await calculated() : await plain(id, Number($("profile-phase").value));
    say("profile-problem", "");
  } catch (error) {
    rows = [];
    say("profile-problem", error.message);
  }
  showDays();
  showDay();
}

async function plain(id, phase) {
  const told = await profileOf(id);
  say("profile-source", told.answers ? "paler where the gateway's load recorder has kept it" : "from the gateway's load recorder: the meter does not answer");
  return told.values.map((one) => ({ end: Date.parse(one.end), up: one.import[phase], down: one.export[phase], other: one.source === "gateway" }));
}

// Each term goes in with what it imports less what it exports; the sum is shown by its sign.
async function calculated() {
  const equation = equations[Number($("profile-equation").value)];
  say("profile-source", "import less export, added and subtracted as the equation says");
  if (!equation?.terms.length) return [];
  const sums = new Map();
  for (const term of equation.terms) {
    const { values } = await profileOf(term.id);
    for (const one of values) {
      const seen = sums.get(one.end) ?? { sum: 0, count: 0 };
      seen.sum += term.sign * (one.import[term.phase] - one.export[term.phase]);
      seen.count += 1;
      sums.set(one.end, seen);
    }
  }
  return [...sums].filter(([, { count }]) => count === equation.terms.length).sort()
    .map(([end, { sum }]) => ({ end: Date.parse(end), up: Math.max(0, sum), down: Math.max(0, -sum), other: false }));
}

function showDays() {
  const days = [...new Set(rows.map((one) => dayOf(one.end)))].sort().reverse();
  const today = new Date().toLocaleDateString("sv-SE", { timeZone: zone });
  const yesterday = new Date(Date.now() - 86_400_000).toLocaleDateString("sv-SE", { timeZone: zone });
  const called = (day) => ({ [today]: `Today, ${day}`, [yesterday]: `Yesterday, ${day}` })[day] ?? day;
  const before = $("profile-day").value;
  renew($("profile-day"), days, () => days.map((day) => element("option", { value: day }, called(day))));
  if (days.includes(before)) $("profile-day").value = before;
  const sum = (day, key) => rows.filter((one) => dayOf(one.end) === day).reduce((all, one) => all + one[key], 0);
  renew($("profile-days"), days.map((day) => [day, sum(day, "up"), sum(day, "down")]), () => {
    const made = table(["Day", "Import", "Export"], days.map((day) => [called(day), scaled(sum(day, "up"), "Wh"), scaled(sum(day, "down"), "Wh")]), "Energy of each day");
    made.classList.add("numbers");
    return [made];
  });
}

function showDay() {
  const day = $("profile-day").value;
  const own = rows.filter((one) => dayOf(one.end) === day);
  if (!own.length) {
    $("profile-graph").replaceChildren();
    $("profile-table").replaceChildren();
    return;
  }
  // A whole day of quarter hours, so that the picture says how late it is; 92 or 100 where clocks change.
  const begin = Math.min(...own.map((one) => one.end)) - QUARTER_MS;
  const first = begin - ([...timeOf(begin).split(":")].map(Number).reduce((hours, minutes) => hours * 60 + minutes) * 60_000);
  const known = new Map(own.map((one) => [one.end, one]));
  const slots = [];
  for (let end = first + QUARTER_MS; dayOf(end) === day || end < begin; end += QUARTER_MS) {
    const one = known.get(end);
    slots.push({ label: timeOf(end - QUARTER_MS), up: one ? one.up : null, down: one ? one.down : null, other: one?.other, title: one ? `${timeOf(end - QUARTER_MS)}–${timeOf(end)}: ${one.up} Wh import, ${one.down} Wh export` : "" });
  }
  draw($("profile-graph"), slots, { type: $("profile-type").value, every: 16, what: `Load profile of ${day}` });
  const made = table(["Until", "Import, Wh", "Export, Wh", "From"], own.map((one) => [timeOf(one.end), String(one.up), String(one.down), one.other ? "gateway" : "meter"]), `Load profile of ${day}`);
  made.classList.add("numbers");
  $("profile-table").replaceChildren(made);
}

// ---------------------------------------------------------------- equations

function keep() {
  localStorage.setItem(KEPT, JSON.stringify(equations));
  showEquations();
  dispatchEvent(new CustomEvent("refresh"));
}

function showEquations() {
  const before = $("profile-equation").value;
  renew($("profile-equation"), equations.map((one) => one.name), () => equations.map((one, number) => element("option", { value: String(number) }, one.name)));
  if (equations[Number(before)]) $("profile-equation").value = before || "0";
  const more = element("button", { type: "button" }, "+ New equation");
  more.addEventListener("click", () => {
    equations.push({ name: `Equation ${equations.length + 1}`, terms: [] });
    keep();
  });
  // Not while they are the same: somebody may be choosing what is added next.
  const meters = [...$("profile").querySelector("[data-meters]").options].map((one) => one.textContent);
  renew($("equations"), [equations, meters], () => [...equations.map(equationBlock), more]);
}

function equationBlock(equation, number) {
  const name = element("input", { value: equation.name, maxlength: "40", "aria-label": `Name of equation ${number + 1}` });
  name.addEventListener("change", () => { equation.name = name.value || `Equation ${number + 1}`; keep(); });
  const terms = equation.terms.map((term, place) => {
    const drop = element("button", { type: "button", "aria-label": `Remove ${term.called}` }, "✕");
    drop.addEventListener("click", () => { equation.terms.splice(place, 1); keep(); });
    return element("div", { class: "row" }, element("span", {}, `${term.sign > 0 ? "+" : "−"} ${term.called}, ${term.phase ? `L${term.phase}` : "Total"}`), drop);
  });
  const sign = element("select", { "aria-label": "Operator" }, element("option", { value: "1" }, "+"), element("option", { value: "-1" }, "−"));
  const devices = $("profile").querySelector("[data-meters]");
  const device = element("select", { "aria-label": "Device" }, ...[...devices.options].map((one) => element("option", { value: one.value }, one.textContent)));
  const phase = element("select", { "aria-label": "Phase" }, ...["Total", "L1", "L2", "L3"].map((one, index) => element("option", { value: String(index) }, one)));
  const add = element("button", { type: "button" }, "Add");
  add.addEventListener("click", () => {
    equation.terms.push({ sign: Number(sign.value), id: Number(device.value), called: device.selectedOptions[0].textContent, phase: Number(phase.value) });
    keep();
  });
  const erase = element("button", { type: "button", "aria-label": `Delete ${equation.name}` }, "Delete");
  erase.addEventListener("click", () => { equations.splice(number, 1); keep(); });
  return element("div", { class: "block" }, element("div", { class: "row" }, name, erase), ...terms, element("div", { class: "knobs" }, sign, device, phase, add));
}

$("equation-toggle").addEventListener("click", () => {
  const isOpen = $("equations").toggleAttribute("hidden") === false;
  $("equation-toggle").setAttribute("aria-expanded", String(isOpen));
  say("equation-toggle", isOpen ? "Hide equation" : "Show equation");
});
for (const id of ["profile-mode", "profile-phase", "profile-equation"]) $(id).addEventListener("change", () => dispatchEvent(new CustomEvent("refresh")));
for (const id of ["profile-type", "profile-day"]) $(id).addEventListener("change", showDay);
$("profile-refresh").addEventListener("change", () => {
  clearInterval(timer);
  timer = $("profile-refresh").value === "auto" ? setInterval(() => { if (!$("profile").hidden) dispatchEvent(new CustomEvent("refresh")); }, AUTO_MS) : null;
});

// ---------------------------------------------------------------- recorders

export async function showRecorder() {
  const { recorders } = await get("api/recorders");
  const used = recorders.filter((one) => one.enabled);
  const pick = $("recorder-pick");
  const before = pick.value;
  renew(pick, used.map(({ id, counter, address }) => [id, counter, address]), () => used.map((one) => element("option", { value: String(one.id) }, `Recorder ${one.id}: ${one.counter}${one.address === null ? "" : ` (${one.address})`}`)));
  if (used.some((one) => String(one.id) === before)) pick.value = before;
  const scope = $("recorder-scope").value;
  $("recorder-csv").hidden = !used.length;
  if (!used.length) {
    say("recorder-caption", "No recorder is enabled. Enable one in SG Settings, Recorders.");
    $("recorder-graph").replaceChildren();
    $("recorder-table").replaceChildren();
    return;
  }
  $("recorder-csv").href = `api/recorder/${pick.value}/csv?scope=${scope}`;
  const { recorder } = await get(`api/recorder/${pick.value}`);
  showPeriods(recorder, scope, $("recorder-what").value);
}

function showPeriods(recorder, scope, what) {
  const cut = { daily: 10, monthly: 7, yearly: 4 }[scope];
  const periods = recorder[scope].slice(-62);
  const amount = (value) => (value === null ? "not known" : scaled(value, recorder.unit));
  draw($("recorder-graph"), periods.map((one) => ({
    label: one.begin.slice(scope === "daily" ? 5 : 0, cut), up: one[what], other: !one.complete && what === "consumption",
    title: `${one.begin.slice(0, cut)}: ${amount(one[what])}`,
  })), { every: Math.max(1, Math.ceil(periods.length / 8)), what: `${recorder.counter}, ${scope} ${what}` });
  say("recorder-caption", periods.length ? `${recorder.counter}, in ${recorder.unit || "its unit"}; paler where the period is not complete.` : "Nothing is recorded yet; the first entry is written at midnight.");
  const made = table(["Begin", "Counter", "Consumption", "Complete"], recorder[scope].toReversed().map((one) => [one.begin.slice(0, cut), amount(one.value), amount(one.consumption), one.complete ? "yes" : "no"]), "What the recorder wrote");
  made.classList.add("numbers");
  $("recorder-table").replaceChildren(made);
}

for (const id of ["recorder-pick", "recorder-scope", "recorder-what"]) $(id).addEventListener("change", () => dispatchEvent(new CustomEvent("refresh")));
