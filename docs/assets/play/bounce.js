// The bounce of a loss: measured, and beside the law that it goes by.

import { Chart } from "./chart.js";

/** @typedef {{batch: number, hold: boolean, bounce: number}} Point */

/** The standard deviation of a loss's changes. */
export function bounce(/** @type {number[]} */ losses) {
  const changes = losses.slice(1).map((loss, i) => loss - losses[i]);
  const mean = changes.reduce((sum, one) => sum + one, 0) / changes.length;
  return Math.sqrt(changes.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (changes.length - 1));
}

/** How many changes of two losses go the same way. */
export function alike(/** @type {number[]} */ one, /** @type {number[]} */ other) {
  return one.filter((loss, i) => i > 0 && loss > one[i - 1] === other[i] > other[i - 1]).length;
}

export class Law {
  /** @type {Point[]} */
  points = [];
  spread = 0; // of single examples' losses

  /** @param {HTMLElement} box */
  constructor(box) {
    this.chart = new Chart(box, 0.55);
  }

  clear() {
    this.points = [];
    this.chart.clear();
  }

  /** @param {number} batch */
  at(batch) {
    return Math.sqrt(2 / batch) * this.spread;
  }

  /** Keep a measurement: the latest of its kind. */
  add(/** @type {Point} */ point) {
    const { batch, hold } = point;
    this.points = [...this.points.filter((one) => one.batch !== batch || one.hold !== hold), point];
  }

  /** What was measured while held is no use at other parameters. */
  drop() {
    this.points = this.points.filter(({ hold }) => !hold);
  }

  draw() {
    const { points, spread } = this;
    if (!points.length || !(spread > 0 && spread < Infinity)) return;
    const ends = [1, 10000];
    const law = ends.map((batch) => this.at(batch));
    /** @type {(hold: boolean) => {x: number[], y: number[]}} */
    const of = (hold) => {
      const some = points.filter((point) => point.hold === hold);
      return { x: some.map(({ batch }) => batch), y: some.map((point) => point.bounce) };
    };
    const all = [...points.map((point) => point.bounce).filter((y) => y > 0), ...law];
    this.chart.draw({
      title: "Four times the batch, half the bounce",
      described: points.map((point) => `Batch ${point.batch}, ${point.hold ? "held" : "learning"}: ${point.bounce.toFixed(2)} nats, by the law ${this.at(point.batch).toFixed(2)}.`).join(" "),
      x: { label: "batch size (examples)", from: ends[0], to: ends[1], log: true },
      y: { label: "bounce of the loss (nats)", from: Math.min(...all) / 1.3, to: Math.max(...all) * 1.3, log: true },
      layers: [
        { kind: "line", color: 0, dotted: true, x: ends, y: law, label: "theory, nothing fitted" },
        { kind: "dots", color: 1, ...of(true), label: "parameters held" },
        { kind: "dots", color: 3, mark: "square", hollow: true, ...of(false), label: "while learning" },
      ],
    });
  }
}
