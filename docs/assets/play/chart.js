// A small chart in SVG: axes, and layers of lines, dots, bands, bars and words.

// The namespace of SVG, which is an address: no script of ours spells one.
const holder = document.createElement("div");
holder.innerHTML = "<svg></svg>";
const SVG = holder.firstElementChild?.namespaceURI ?? "";
const ROOM = { left: 44, right: 12, top: 10, bottom: 40 };

/**
 * @typedef {object} Axis
 * @property {string} label
 * @property {number} from
 * @property {number} to
 * @property {boolean} [log]
 * @property {number[]} [ticks]
 * @property {(value: number) => string} [format]
 */

/**
 * What to draw. `color` is 0 to 5, as in the published figures, or "ink"; a layer with a
 * `label` has an entry in the key.
 * @typedef {object} Layer
 * @property {"line" | "arrow" | "dots" | "handle" | "band" | "bars" | "upright" | "level" | "words"} kind
 * @property {ArrayLike<number>} [x]
 * @property {ArrayLike<number>} [y]
 * @property {ArrayLike<number>} [low] of a band or a bar
 * @property {number | string} [color]
 * @property {string} [label]
 * @property {string} [text]
 * @property {boolean} [thin]
 * @property {boolean} [faint]
 * @property {boolean} [dashed]
 * @property {boolean} [dotted]
 * @property {boolean} [hatched]
 * @property {boolean} [hollow] of dots
 * @property {"square" | "triangle" | "diamond"} [mark] of dots, in place of a disc
 * @property {number} [thick] how high a bar is, in pixels
 * @property {"start" | "middle" | "end"} [anchor]
 */

/**
 * `left`: room for the words on the vertical axis, where they need more or less, in pixels.
 * `equal`: both axes have the same unit, so that angles are true; this sets `y.to`.
 * @typedef {{title: string, described: string, x: Axis, y: Axis, layers: Layer[], left?: number, equal?: boolean}} Drawing
 */

export class Chart {
  /**
   * @param {HTMLElement} box
   * @param {number} [ratio] height over width, where there is room
   */
  constructor(box, ratio = 0.72) {
    this.ratio = ratio;
    this.svg = /** @type {SVGSVGElement} */ (element("svg", { role: "img" }));
    this.key = document.createElement("p");
    this.key.className = "play-key";
    this.head = document.createElement("p");
    this.head.className = "play-title";
    box.append(this.head, this.svg, this.key);
    /** @type {Drawing | undefined} */
    this.drawing = undefined;
    this.watcher = new ResizeObserver(() => this.drawing && this.draw(this.drawing));
    this.watcher.observe(box);
    this.box = box;
    this.clear();
  }

  /** Nothing to draw any more. */
  clear() {
    this.drawing = undefined;
    this.said = undefined;
    for (const part of [this.head, this.svg, this.key]) part.replaceChildren();
    this.svg.style.display = "none";
  }

  get width() {
    return Math.max(240, Math.min(544, this.box.clientWidth));
  }

  get height() {
    return Math.max(230, this.width * this.ratio);
  }

  /** @param {Drawing} drawing */
  draw(drawing) {
    this.drawing = drawing;
    Object.assign(this.svg, { drawing }); // its numbers, for whoever looks into the page
    const { width, height } = this;
    const left = drawing.left ?? ROOM.left;
    const across = scale(drawing.x, left, width - ROOM.right);
    const unit = (width - ROOM.right - left) / (drawing.x.to - drawing.x.from);
    if (drawing.equal) drawing.y.to = drawing.y.from + (height - ROOM.bottom - ROOM.top) / unit;
    const up = scale(drawing.y, height - ROOM.bottom, ROOM.top);
    this.across = across;
    this.up = up;
    const ends = { left, right: width - ROOM.right, top: ROOM.top, bottom: height - ROOM.bottom };
    this.svg.style.display = "";
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("width", `${width}`);
    this.svg.setAttribute("height", `${height}`);
    this.svg.setAttribute("aria-label", drawing.described);
    this.head.textContent = drawing.title;
    // Lines that leave the chart are cut off above and under it, words at its sides not.
    const inside = element("svg", { x: -width, y: 0, width: 3 * width, height, viewBox: `${-width} 0 ${3 * width} ${height}` });
    for (const layer of drawing.layers) inside.append(...marks(layer, across, up, ends));
    this.svg.replaceChildren(hatch(), ...axes(drawing, across, up, ends), inside);
    this.showKey(drawing.layers);
  }

  /** @param {Layer[]} layers */
  showKey(layers) {
    const entries = layers.filter((layer) => layer.label);
    const said = entries.map((layer) => `${layer.kind} ${layer.color} ${layer.label}`).join();
    if (said === this.said) return;
    this.said = said;
    this.key.replaceChildren(...entries.map((layer) => {
      const entry = document.createElement("span");
      const mark = document.createElement("i");
      mark.className = `k-${layer.kind} ${layer.mark ?? ""} ${paint(layer)}`;
      entry.append(mark, layer.label ?? "");
      return entry;
    }));
  }

  /** @type {string | undefined} */
  said;

  /**
   * Hear of presses and drags in the chart, in its axes' units, and which begin.
   * @param {(x: number, y: number, begins: boolean) => void} move
   */
  onDrag(move) {
    this.svg.classList.add("drags");
    const tell = (/** @type {PointerEvent} */ event) => {
      const at = this.svg.getBoundingClientRect();
      const times = this.width / at.width;
      if (!this.across || !this.up) return;
      const begins = event.type === "pointerdown";
      move(this.across.back((event.clientX - at.x) * times), this.up.back((event.clientY - at.y) * times), begins);
    };
    this.svg.addEventListener("pointerdown", (event) => {
      this.svg.setPointerCapture(event.pointerId);
      tell(event);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (this.svg.hasPointerCapture(event.pointerId)) tell(event);
    });
    // A finger on a handle drags it, and never the page.
    this.svg.addEventListener("touchstart", (event) => {
      if (event.target instanceof Element && event.target.matches(".grip")) event.preventDefault();
    }, { passive: false });
  }
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
export function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, `${value}`);
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * @param {Axis} axis
 * @param {number} start where `from` lies, in pixels
 * @param {number} end
 */
function scale(axis, start, end) {
  const on = axis.log ? Math.log : (/** @type {number} */ v) => v;
  const off = axis.log ? Math.exp : (/** @type {number} */ v) => v;
  const from = on(axis.from);
  const to = on(axis.to);
  const at = (/** @type {number} */ value) => start + ((on(value) - from) / (to - from)) * (end - start);
  const back = (/** @type {number} */ pixel) => off(from + ((pixel - start) / (end - start)) * (to - from));
  return { at, back };
}

/** @typedef {ReturnType<typeof scale>} Scale */
/** @typedef {{left: number, right: number, top: number, bottom: number}} Ends */

/**
 * Round numbers from one end of an axis to the other.
 * @param {Axis} axis
 */
function ticks(axis) {
  if (axis.ticks) return axis.ticks;
  const found = [];
  if (axis.log) {
    for (let power = Math.ceil(Math.log10(axis.from) - 1e-9); 10 ** power <= axis.to * 1.001; power++) {
      found.push(10 ** power);
    }
    return found;
  }
  const rough = (axis.to - axis.from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? power;
  for (let k = Math.ceil(axis.from / step - 1e-9); k * step <= axis.to + step * 1e-9; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

/**
 * @param {Drawing} drawing
 * @param {Scale} across
 * @param {Scale} up
 * @param {Ends} ends
 */
function axes(drawing, across, up, ends) {
  const { left, right, top, bottom } = ends;
  const made = [];
  const say = (/** @type {Axis} */ axis, /** @type {number} */ value) =>
    axis.format ? axis.format(value) : value.toLocaleString("en", { maximumSignificantDigits: 6 }).replace("-", "−");
  for (const value of ticks(drawing.x)) {
    const x = across.at(value);
    made.push(element("line", { class: "grid", x1: x, x2: x, y1: top, y2: bottom }));
    made.push(element("text", { x, y: bottom + 15, "text-anchor": "middle" }, say(drawing.x, value)));
  }
  for (const value of ticks(drawing.y)) {
    const y = up.at(value);
    made.push(element("line", { class: "grid", x1: left, x2: right, y1: y, y2: y }));
    made.push(element("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, say(drawing.y, value)));
  }
  const middle = (top + bottom) / 2;
  made.push(element("text", { x: (left + right) / 2, y: bottom + 33, "text-anchor": "middle" }, drawing.x.label));
  const turned = { x: 11, y: middle, "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` };
  made.push(element("text", turned, drawing.y.label));
  return made;
}

/** @param {Layer} layer */
function paint(layer) {
  const kinds = [layer.thin && "thin", layer.faint && "faint", layer.dashed && "dashed", layer.dotted && "dotted", layer.hatched && "hatched", layer.hollow && "hollow"];
  return [`c-${layer.color ?? "ink"}`, ...kinds.filter(Boolean)].join(" ");
}

/**
 * @param {Layer} layer
 * @param {Scale} across
 * @param {Scale} up
 * @param {Ends} ends
 */
function marks(layer, across, up, ends) {
  const name = `${layer.kind} ${paint(layer)}`;
  const points = [];
  const { x = [], y = [], low = [] } = layer;
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(y[i])) points.push([across.at(x[i]), up.at(y[i]), i]);
  }
  const way = (/** @type {number[][]} */ all) => all.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join("L");
  switch (layer.kind) {
    case "line":
      return points.length ? [element("path", { class: name, d: `M${way(points)}` })] : [];
    case "dots":
      // All in one path: hundreds of elements would take long to lay out.
      return points.length ? [element("path", { class: name, d: points.map(([px, py]) => dot(layer, px, py)).join("") })] : [];
    case "arrow": { // from the first point to the second
      const [[fromX, fromY], [toX, toY]] = points;
      const turn = (Math.atan2(toY - fromY, toX - fromX) * 180) / Math.PI;
      const head = { class: `${name} head`, d: "M0 0L-11 -5L-11 5Z", transform: `translate(${toX} ${toY}) rotate(${turn})` };
      return [element("path", { class: `${name} line`, d: `M${fromX} ${fromY}L${toX} ${toY}` }), element("path", head)];
    }
    case "handle": // a ring to drag any way, in room enough for a finger
      return points.flatMap(([cx, cy]) => [
        element("circle", { class: name, cx, cy, r: 7 }),
        element("circle", { class: "grip", cx, cy, r: 22 }),
      ]);
    case "band": {
      const under = points.map(([px, , i]) => [px, up.at(low[i])]).reverse();
      return points.length ? [element("path", { class: name, d: `M${way([...points, ...under])}Z` })] : [];
    }
    case "bars": // lying: from `low` to `x`, at the height `y`
      return points.map(([px, py, i]) => {
        const start = across.at(low[i] ?? 0);
        const { thick: height = 26 } = layer;
        return element("rect", { class: name, x: start, y: py - height / 2, width: Math.max(0, px - start), height });
      });
    case "upright":
      return points.map(([px]) => element("path", { class: name, d: `M${px} ${ends.top}V${ends.bottom}` }));
    case "level":
      return points.map(([, py]) => element("path", { class: name, d: `M${ends.left} ${py}H${ends.right}` }));
    case "words":
      return points.map(([px, py]) =>
        element("text", { class: name, x: px, y: py, "text-anchor": layer.anchor ?? "start" }, layer.text));
  }
}

/**
 * A dot's outline.
 * @param {Layer} layer
 * @param {number} px
 * @param {number} py
 */
function dot({ mark, thin }, px, py) {
  const r = thin ? 2.5 : 4;
  const from = (/** @type {number} */ x, /** @type {number} */ y) => `M${(px + x).toFixed(2)} ${(py + y).toFixed(2)}`;
  switch (mark) {
    case "square": return `${from(-r, -r)}h${2 * r}v${2 * r}h${-2 * r}Z`;
    case "triangle": return `${from(0, -1.2 * r)}l${1.1 * r} ${2.2 * r}h${-2.2 * r}Z`;
    case "diamond": return `${from(0, -1.3 * r)}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}l${-1.3 * r} ${-1.3 * r}Z`;
    default: return `${from(-r, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }
}

/** Hatching, for what colour alone would tell apart. */
function hatch() {
  const made = element("defs", {});
  const pattern = element("pattern", { id: "play-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(element("rect", { width: 6, height: 6, class: "c-1 weak" }), element("path", { d: "M0 0V6", class: "line c-1" }));
  made.append(pattern);
  return made;
}
