// A matrix seen at once: a cell for each number, the darker the larger it is.

import { element } from "./chart.js";

const TOP = 34;
const LEFT = 46;
const MOST = 14; // pixels of a cell

/**
 * @typedef {object} Cells
 * @property {string} title
 * @property {string} described
 * @property {ArrayLike<number>} values row by row
 * @property {number} rows
 * @property {number} cols
 * @property {number[]} steps from which values on a cell is darker, rising
 * @property {[number, number][]} [picked] cells with a frame
 * @property {number} [chosen] a row with a frame
 * @property {number} [first] the first row's number
 * @property {string[]} [columns] names of the columns, where they have some
 * @property {string} across what a column is
 * @property {string} down what a row is
 * @property {string} key
 */

export class Grid {
  /**
   * @param {HTMLElement} box
   * @param {(row: number) => void} [press] hears of the row that is clicked
   */
  constructor(box, press) {
    this.box = box;
    this.head = document.createElement("p");
    this.head.className = "play-title";
    this.svg = /** @type {SVGSVGElement} */ (element("svg", { role: "img" }));
    this.svg.classList.add("cells");
    this.key = document.createElement("p");
    this.key.className = "play-key";
    box.append(this.head, this.svg, this.key);
    /** @type {Cells | undefined} */
    this.drawing = undefined;
    this.size = MOST;
    this.watcher = new ResizeObserver(() => this.drawing && this.draw(this.drawing));
    this.watcher.observe(box);
    if (press) {
      this.svg.addEventListener("click", (event) => {
        const row = Math.floor((event.clientY - this.svg.getBoundingClientRect().y - TOP) / this.size);
        if (this.drawing && row >= 0 && row < this.drawing.rows) press(row + (this.drawing.first ?? 0));
      });
    }
    this.clear();
  }

  /** Nothing to draw any more. */
  clear() {
    this.drawing = undefined;
    for (const part of [this.head, this.svg, this.key]) part.replaceChildren();
    this.svg.style.display = "none";
  }

  /** @param {Cells} drawing */
  draw(drawing) {
    this.drawing = drawing;
    Object.assign(this.svg, { drawing }); // its numbers, for whoever looks into the page
    this.svg.style.display = "";
    const { rows, cols, values, steps } = drawing;
    const size = Math.min(MOST, (Math.max(240, Math.min(544, this.box.clientWidth)) - LEFT - 2) / cols);
    this.size = size;
    const [width, height] = [LEFT + cols * size + 2, TOP + rows * size + 2];
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}`, "aria-label": drawing.described })) {
      this.svg.setAttribute(name, `${value}`);
    }
    // One path for each darkness: quicker than an element for each cell.
    const ways = steps.map(() => "");
    for (let i = 0; i < rows * cols; i++) {
      const level = steps.findLastIndex((step) => values[i] >= step);
      if (level >= 0) ways[level] += frame(Math.floor(i / cols), i % cols, size, 0.5);
    }
    const shades = ways.map((d, level) => element("path", { class: "cell c-0", d, "fill-opacity": (level + 1) / steps.length }));
    const { picked = [], chosen, first = 0 } = drawing;
    const marks = [element("path", { class: "line c-1 pick", d: picked.map(([row, col]) => frame(row, col, size, 0)).join("") })];
    if (chosen !== undefined && chosen >= first && chosen < first + rows) {
      const y = TOP + (chosen - first) * size;
      marks.push(element("rect", { class: "line c-ink", x: LEFT - 1, y: y - 1, width: cols * size + 2, height: size + 2 }));
    }
    const around = element("rect", { class: "grid around", x: LEFT, y: TOP, width: cols * size, height: rows * size });
    this.svg.replaceChildren(around, ...shades, ...marks, ...this.names(drawing, size));
    this.head.textContent = drawing.title;
    this.key.textContent = drawing.key;
  }

  /**
   * @param {Cells} drawing
   * @param {number} size
   */
  names({ rows, cols, columns, first = 0, across, down }, size) {
    const made = [element("text", { x: LEFT, y: 12 }, across)];
    for (let col = 0; col < cols; col++) {
      const text = columns ? columns[col] : col % 5 ? "" : `${col}`;
      if (text) made.push(element("text", { x: LEFT + (col + 0.5) * size, y: TOP - 5, "text-anchor": "middle" }, text));
    }
    for (let row = 0; row < rows; row++) {
      if ((row + first) % 5 === 0) made.push(element("text", { x: LEFT - 5, y: TOP + (row + 0.5) * size + 4, "text-anchor": "end" }, `${row + first}`));
    }
    const middle = TOP + (rows * size) / 2;
    made.push(element("text", { x: 11, y: middle, "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` }, down));
    return made;
  }
}

/**
 * A cell's edge, as a path.
 * @param {number} row
 * @param {number} col
 * @param {number} size
 * @param {number} inset
 */
function frame(row, col, size, inset) {
  const side = (size - 2 * inset).toFixed(2);
  return `M${(LEFT + col * size + inset).toFixed(2)} ${(TOP + row * size + inset).toFixed(2)}h${side}v${side}h-${side}z`;
}
