// What inputs, conditions and actions are called, in the manual's words (figures 55 to 77).

export const PHASES = ["total", "L1", "L2", "L3"];
// Of each quantity: its name, its unit, and of which phases there is one.
export const QUANTITIES = {
  active_power: ["Active Power", "W", PHASES],
  reactive_power: ["Reactive Power", "var", PHASES],
  apparent_power: ["Apparent Power", "VA", PHASES],
  voltage: ["Voltage", "V", PHASES.slice(1)],
  current: ["Current", "A", PHASES.slice(1)],
  power_factor: ["Power Factor", "", PHASES],
  frequency: ["Frequency", "Hz", PHASES.slice(0, 1)],
};
export const PARTS = { hour: "Hour", minute: "Minute", day_of_month: "Day of month", day_of_week: "Day of week", day_of_year: "Day of year" };
export const PROPERTIES = { meter: "Meter", counter: "Counter", time: "Time", temperature: "Temperature", pulses: "Pulses", tariff: "Active tariff", modbus: "Modbus" };
export const OPERATORS = [">", ">=", "<", "<=", "==", "!="];
export const INTERFACES = { left_ir: "Left IR", right_ir: "Right IR", rs485: "RS485" };
export const KINDS = { non_resettable: "Non-resettable", resettable: "Resettable" };
export const TYPES = { uint16: "Uint16", int16: "Int16", uint32: "Uint32", int32: "Int32", float32: "Float32" };
export const FUNCTIONS = { on: "On", off: "Off", toggle: "Toggle" };
export const DEVICES = { bicom: "Bicom", mqtt: "MQTT", modbus: "Modbus" };
export const NOT_CONFIGURED = "Not configured";

const SCALED = new Set(["W", "var", "VA"]);
const at = (one) => `[${INTERFACES[one.interface]}]${one.interface === "right_ir" ? "" : ` (${one.address})`}`;

export function inputText(input) {
  if (!input) return NOT_CONFIGURED;
  switch (input.property) {
    case "meter": return `Meter ${at(input)} ${QUANTITIES[input.quantity][0]}${input.phase === "total" ? "" : ` ${input.phase}`}`;
    case "counter": return `${KINDS[input.kind]} counter ${input.counter} ${at(input)}`;
    case "time": return `Time: ${PARTS[input.part].toLowerCase()}`;
    case "modbus": return `Modbus (${input.address}) register ${input.register}`;
    default: return PROPERTIES[input.property];
  }
}

function unitOfInput(input) {
  if (input?.property === "meter") return QUANTITIES[input.quantity][1];
  return input?.property === "temperature" ? "°C" : "";
}

// The unit of a sum: that of its inputs, where they have one and the same.
export function unitOf(condition) {
  const units = new Set(condition.equation.map(({ input }) => unitOfInput(input)));
  return units.size === 1 ? [...units][0] : "";
}

export const withUnit = (value, unit) => (unit ? `${value} ${unit}` : String(value));
export const signOf = (sign) => (sign === "-" ? "−" : "+");

export function conditionText(condition) {
  if (!condition.equation.length) return NOT_CONFIGURED;
  const sum = condition.equation.map(({ sign, input }, number) => `${number || sign === "-" ? `${signOf(sign)} ` : ""}${inputText(input)}`).join(" ");
  return `${sum} ${comparison(condition)}`;
}

export function comparison(condition) {
  const band = condition.hysteresis === 0 ? "" : ` ± ${condition.hysteresis}`;
  return withUnit(`${condition.operator} ${condition.value}${band}`, unitOf(condition));
}

// Figure 63: the band of 10000 W ± 500 W is "9.5 kW - 10.5 kW".
export function bandText(condition) {
  const { value, hysteresis } = condition;
  if (typeof value !== "number" || typeof hysteresis !== "number") return "";
  return [value - hysteresis, value + hysteresis].map((one) => scaled(one, unitOf(condition))).join(" - ");
}

function scaled(value, unit) {
  const steps = SCALED.has(unit) ? [[1e6, "M"], [1e3, "k"]] : [];
  const [size, prefix] = steps.find(([one]) => Math.abs(value) >= one) ?? [1, ""];
  return withUnit(+(value / size).toFixed(6), unit && `${prefix}${unit}`);
}

export function actionText(action) {
  switch (action?.device) {
    case "bicom": return `Bicom ${at(action)}: ${FUNCTIONS[action.function]}`;
    case "mqtt": return `MQTT link ${action.link}, ${action.subtopic || "no subtopic"}: ${action.message}`;
    case "modbus": return `Modbus (${action.address}) register ${action.register} = ${action.value}`;
    default: return NOT_CONFIGURED;
  }
}
