// Two runs from one start, on mini-batches and on all examples, and what each has cost.

import { Chart } from "./chart.js";

export const count = (/** @type {number} */ n) => n.toLocaleString("en");

export class Walk {
  /** @type {number[]} steps at which the losses over all examples are known */
  x = [];
  /** @type {number[]} */
  mini = [];
  /** @type {number[]} */
  full = [];
  taken = 0;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.chart = new Chart(box, 0.55);
    this.about = { batch: 0, all: 0, steps: 0 };
  }

  clear() {
    this.x = [];
    this.chart.clear();
  }

  /**
   * @param {{batch: number, all: number, steps: number}} about how large batches are, and all examples
   * @param {number} loss where both begin
   */
  begin(about, loss) {
    Object.assign(this, { about, x: [0], mini: [loss], full: [loss], taken: 0 });
  }

  /** @param {import("./trainer.js").Report} report */
  add({ losses, fulls }) {
    this.taken += losses.full.length;
    for (let i = 0; i < fulls.length; i += 2) {
      const [[, step, mini], [, , full]] = fulls.slice(i);
      if (!Number.isFinite(mini + full)) continue;
      this.x.push(step);
      this.mini.push(mini);
      this.full.push(full);
    }
  }

  /** @param {boolean} byExamples */
  draw(byExamples) {
    const { x, mini, full, taken, about } = this;
    const { batch, all, steps } = about;
    if (!x.length) return;
    /** @type {(size: number, y: number[]) => {x: number[], y: number[]}} */
    const points = (size, y) => (byExamples ? { x: x.slice(1).map((step) => step * size), y: y.slice(1) } : { x, y });
    const losses = [...mini, ...full];
    const last = x.length - 1;
    this.chart.draw({
      title: "As many steps, far fewer examples",
      described: `Loss over all examples after ${x[last]} steps: ${mini[last].toFixed(2)} nats on batches of ${batch}, ${full[last].toFixed(2)} on all examples.`,
      x: { label: byExamples ? "examples processed" : "step", from: byExamples ? batch : 0, to: byExamples ? all * steps : steps, log: byExamples },
      y: { label: "loss over all examples (nats)", from: Math.floor(Math.min(...losses)) - 1, to: Math.ceil(Math.max(...losses)) + 1 },
      layers: [
        { kind: "line", color: 0, ...points(all, full) },
        { kind: "dots", color: 0, ...points(all, full), label: `all examples: ${count(taken * all)} processed` },
        { kind: "line", color: 3, dashed: true, ...points(batch, mini) },
        { kind: "dots", color: 3, mark: "diamond", ...points(batch, mini), label: `batches of ${batch}: ${count(taken * batch)} processed` },
      ],
    });
  }
}
