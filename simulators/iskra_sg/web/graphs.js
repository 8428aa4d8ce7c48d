// Pictures of energies over time: bars, or stairs, import upwards and export downwards.

const SVG = "http://www.w3.org/2000/svg";
const WIDEST = 72;
const EDGE = { left: 46, right: 6, top: 8, bottom: 22 };

export function part(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  return node;
}

function round(value) {
  const size = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 2, 2.5, 5, 10].map((one) => one * size).find((one) => one >= value) ?? value;
}

const short = (value) => (Math.abs(value) >= 1e6 ? `${+(value / 1e6).toFixed(2)}M` : Math.abs(value) >= 1e4 ? `${+(value / 1e3).toFixed(1)}k` : `${+value.toFixed(1)}`);

// points: [{ label, up, down, title }], in their order; null where nothing is known.
export function draw(svg, points, { type = "bar", every = 1, what = "" } = {}) {
  const width = svg.clientWidth || 640;
  const height = svg.clientHeight || 260;
  const most = round(Math.max(0, ...points.map((one) => one.up ?? 0)) || 1);
  const down = Math.max(0, ...points.map((one) => one.down ?? 0));
  const least = down ? round(down) : 0;
  const floor = height - EDGE.bottom;
  const y = (value) => EDGE.top + ((most - value) / (most + least)) * (floor - EDGE.top);
  const step = (width - EDGE.left - EDGE.right) / Math.max(1, points.length);
  const x = (number) => EDGE.left + number * step;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const marks = least ? [-least, 0, most] : [0, most / 2, most];
  const shapes = type === "bar" ? bars(points, x, y, step) : stairs(points, x, y);
  svg.replaceChildren(
    ...marks.flatMap((value) => [
      part("line", { class: value ? "grid" : "zero", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
      part("text", { x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(Math.abs(value))),
    ]),
    ...shapes,
    ...points.map((one, number) => (number % every ? null : part("text", { x: x(number) + (type === "bar" && every === 1 ? step / 2 : 0), y: height - 6, "text-anchor": every === 1 ? "middle" : "start" }, one.label))).filter(Boolean),
  );
  const known = points.filter((one) => one.up !== null);
  const sum = (key) => known.reduce((all, one) => all + (one[key] ?? 0), 0);
  svg.setAttribute("aria-label", `${what}: ${known.length} values, ${Math.round(sum("up"))} up${least ? `, ${Math.round(sum("down"))} down` : ""}; the table below has them all`);
}

function bars(points, x, y, step) {
  const gap = step > 8 ? Math.min(10, step * 0.2) : step > 3 ? 1 : 0;
  return points.flatMap((one, number) => [["up", one.up, 1], ["down", one.down, -1]]
    .filter(([, value]) => value)
    .map(([kind, value, sign]) => {
      const [top, foot] = [y(sign * value), y(0)].sort((a, b) => a - b);
      const wide = Math.min(WIDEST, Math.max(1, step - gap));
      const bar = part("rect", { class: `${kind}${one.other ? " other" : ""}`, x: x(number) + (step - wide) / 2, width: wide, y: top, height: Math.max(0.5, foot - top) });
      bar.append(part("title", {}, one.title));
      return bar;
    }));
}

function stairs(points, x, y) {
  return [["up", 1], ["down", -1]].flatMap(([kind, sign]) => {
    if (!points.some((one) => one[kind])) return [];
    let path = "";
    points.forEach((one, number) => {
      if (one[kind] === null || one[kind] === undefined) return;
      const before = points[number - 1]?.[kind];
      path += before === null || before === undefined ? `M${x(number)} ${y(sign * one[kind])}` : `V${y(sign * one[kind])}`;
      path += `H${x(number + 1)}`;
    });
    return [part("path", { class: `stairs ${kind}`, d: path })];
  });
}
