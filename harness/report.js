
"use strict";
(function () {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const words = document.getElementById("words");
  const told = document.getElementById("told");
  const chips = all(".chips button");
  const rows = all("[data-o]").map((node) => ({
    node,
    outcome: node.dataset.o,
    text: (node.matches("details")
      ? node.querySelector("summary").textContent + " " +
        all(".message, .steps", node).map((part) => part.textContent).join(" ") + " " +
        (node.dataset.f || "")
      : node.textContent).toLowerCase(),
  }));
  const pressed = (chip) => chip.getAttribute("aria-pressed") === "true";
  const press = (chip, down) => chip.setAttribute("aria-pressed", down ? "true" : "false");
  function filter() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = new Set(chips.filter(pressed).map((chip) => chip.dataset.show));
    let shown = 0;
    let scenarios = 0;
    for (const row of rows) {
      const fits = (!outcomes.size || outcomes.has(row.outcome)) && asked.every((word) => row.text.includes(word));
      row.node.hidden = !fits;
      if (row.node.matches("details")) { scenarios += 1; shown += fits ? 1 : 0; }
    }
    for (const group of all(".ft")) group.hidden = !group.querySelector("[data-o]:not([hidden])");
    told.textContent = asked.length || outcomes.size ? shown + " of " + scenarios + " scenarios" : "";
  }
  words.addEventListener("input", filter);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      press(chip, !pressed(chip));
      filter();
    });
  }
  document.getElementById("filter").hidden = false;
  document.getElementById("tools").hidden = false;
  document.getElementById("tools").addEventListener("click", (event) => {
    if (event.target.dataset.all === undefined) return;
    for (const node of all(".sc:not([hidden])")) node.open = event.target.dataset.all === "1";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== words) { event.preventDefault(); words.focus(); }
    if (event.key === "Escape" && document.activeElement === words) { words.value = ""; filter(); }
  });

  function goal() {
    const node = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!node) return;
    if (node.hidden) { words.value = ""; for (const chip of chips) press(chip, false); filter(); }
    for (let one = node; one; one = one.parentElement) if (one.matches("details")) one.open = true;
    node.scrollIntoView();
  }
  window.addEventListener("hashchange", goal);
  goal();

  // Indents without reading the values: numbers and signs stay as they crossed the wire.
  function indented(text) {
    try { JSON.parse(text); } catch (error) { return text; }
    let out = "";
    let depth = 0;
    let quoted = false;
    for (let i = 0; i < text.length; i += 1) {
      const sign = text[i];
      if (quoted) {
        out += sign;
        if (sign === "\\") { i += 1; out += text[i]; } else if (sign === '"') quoted = false;
      } else if (sign === '"') { quoted = true; out += sign; }
      else if (sign === "{" || sign === "[") {
        const close = text.slice(i + 1).match(/^\s*([}\]])/);
        if (close) { out += sign + close[1]; i += close[0].length; }
        else { depth += 1; out += sign + "\n" + "  ".repeat(depth); }
      } else if (sign === "}" || sign === "]") { depth -= 1; out += "\n" + "  ".repeat(depth) + sign; }
      else if (sign === ",") out += ",\n" + "  ".repeat(depth);
      else if (sign === ":") out += ": ";
      else if (!/\s/.test(sign)) out += sign;
    }
    return out;
  }
  document.addEventListener("toggle", (event) => {
    const frame = event.target;
    if (!frame.open || !frame.matches(".f") || frame.dataset.done) return;
    frame.dataset.done = "1";
    const raw = frame.querySelector("pre");
    const text = indented(raw.textContent);
    if (text === raw.textContent) return;
    const pretty = document.createElement("pre");
    pretty.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "raw";
    const turn = () => {
      raw.hidden = !raw.hidden;
      pretty.hidden = !raw.hidden;
      button.textContent = raw.hidden ? "as sent" : "indented";
    };
    button.addEventListener("click", turn);
    raw.before(button, pretty);
    turn();
  }, true);

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = all(".sc:not([open]):not([hidden])");
    for (const node of opened) node.open = true;
  });
  window.addEventListener("afterprint", () => { for (const node of opened) node.open = false; });
})();
