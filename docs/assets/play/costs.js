// The curve of -log p, with examples on it.

import { short } from "./panel.js";
import { cost, mean } from "./prob.js";

const TOP = 19.3; // nats: how high the published figure is
const NEAR = 40; // pixels from a dot within which a press takes it
const CURVE = Array.from({ length: 1200 }, (_, i) => (i < 600 ? Math.exp(-i / 30) : (i - 599) / 601));

/**
 * @param {{line_p: number[], line_cost: number[]}} published
 * @param {{names: string[], p: number[], row: number, written: Set<number>, loss: string}} about
 *   the examples, the one that is chosen, those whose names are written, and the loss in words
 * @returns {import("./chart.js").Drawing}
 */
export function drawing({ line_p, line_cost }, { names, p, row, written, loss }) {
  const costs = p.map(cost);
  const top = Math.max(TOP, Math.max(...costs.filter(Number.isFinite)) * 1.05);
  const line = top > TOP ? { x: [Math.exp(-top), ...line_p], y: [top, ...line_cost] } : { x: line_p, y: line_cost };
  return {
    title: "The loss is the mean height of the dots",
    described: `The curve of −log p, with ${p.length} examples on it. The loss is ${loss}. Example ${row}, ${names[row]}: p = ${short(p[row])}.`,
    x: { label: "p, the probability given to the character that came", from: -0.05, to: 1.05, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
    y: { label: "−log p (nats)", from: -0.95, to: top },
    layers: [
      { kind: "line", color: 0, ...line },
      { kind: "dots", color: 1, x: p, y: costs, label: "an example" },
      { kind: "level", color: 2, dashed: true, x: [0], y: [mean(costs)], label: `the loss, ${loss}` },
      ...[...written].map((i) => /** @type {import("./chart.js").Layer} */ ({
        kind: "words", x: [p[i] + (p[i] > 0.8 ? -0.02 : 0.03)], y: [costs[i] + top * 0.02], text: names[i], anchor: p[i] > 0.8 ? "end" : "start",
      })),
      { kind: "handle", x: [p[row]], y: [costs[row]] },
    ],
  };
}

/**
 * How many pixels the curve is from a place on the chart, at each p.
 * @param {import("./chart.js").Chart} chart
 * @param {number} x
 * @param {number} y
 * @returns {(p: number) => number}
 */
function away({ across, up }, x, y) {
  if (!across || !up) return () => Infinity;
  return (p) => Math.hypot(across.at(p) - across.at(x), up.at(cost(p)) - up.at(y));
}

/**
 * The example whose dot is at a place on the chart, of several there the one that is chosen.
 * @param {import("./chart.js").Chart} chart
 * @param {number} x
 * @param {number} y
 * @param {number[]} p
 * @param {number} row which is chosen
 */
export function dotAt(chart, x, y, p, row) {
  const from = away(chart, x, y);
  const nearest = p.reduce((best, each, i) => (from(each) < from(p[best]) - 1e-9 ? i : best), row);
  return from(p[nearest]) < NEAR ? nearest : undefined;
}

/**
 * The p of the curve's point that is nearest to a place on the chart.
 * @param {import("./chart.js").Chart} chart
 * @param {number} x
 * @param {number} y
 */
export function onCurve(chart, x, y) {
  const from = away(chart, x, y);
  return Number(CURVE.reduce((best, p) => (from(p) < from(best) ? p : best)).toPrecision(3));
}
