// A small curve of power over the last minutes, as stairs: power changes at once and then stays.

const SVG = "http://www.w3.org/2000/svg";
const WINDOW_MS = 5 * 60 * 1000;
const SAMPLES_LIMIT = 2000;
const TOPS_KW = [4, 8, 12, 24];
const EDGE = { left: 30, right: 4, top: 6, bottom: 20 };

export class Chart {
  constructor(svg) {
    this.svg = svg;
    this.samples = [];
  }

  add(kw, at = Date.now()) {
    const last = this.samples.at(-1);
    if (!last || last.kw !== kw) this.samples.push({ at, kw });
    // One sample from before the window says what held at its beginning.
    while (this.samples.length > 1 && this.samples[1].at < at - WINDOW_MS) this.samples.shift();
    if (this.samples.length > SAMPLES_LIMIT) this.samples.shift();
    this.draw(at);
  }

  draw(now = Date.now()) {
    const width = this.svg.clientWidth;
    const height = this.svg.clientHeight;
    if (!width || !height) return;
    const most = Math.max(...this.samples.map((one) => one.kw), 0);
    const top = TOPS_KW.find((one) => one >= most) ?? Math.ceil(most);
    const floor = height - EDGE.bottom;
    const x = (at) => EDGE.left + (1 - (now - at) / WINDOW_MS) * (width - EDGE.left - EDGE.right);
    const y = (kw) => floor - (kw / top) * (floor - EDGE.top);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(
      ...[0, top / 2, top].flatMap((kw) => [
        part("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(kw), y2: y(kw) }),
        words(EDGE.left - 6, y(kw) + 4, "end", String(kw)),
      ]),
      ...this.stairs(x, y, now),
      words(EDGE.left, height - 4, "start", "5 min ago"),
      words(width - EDGE.right, height - 4, "end", "now"),
    );
    const kw = this.samples.at(-1)?.kw ?? 0;
    this.svg.setAttribute("aria-label", `Power of the last five minutes, in kW: now ${kw}, at most ${most}`);
  }

  stairs(x, y, now) {
    if (!this.samples.length) return [];
    const left = Math.max(this.samples[0].at, now - WINDOW_MS);
    let path = `M${x(left)} ${y(this.samples[0].kw)}`;
    for (const one of this.samples.slice(1)) path += `H${x(one.at)}V${y(one.kw)}`;
    path += `H${x(now)}`;
    return [
      part("path", { class: "area", d: `${path}V${y(0)}H${x(left)}Z` }),
      part("path", { class: "curve-line", d: path }),
    ];
  }
}

function part(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function words(x, y, anchor, text) {
  const node = part("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
