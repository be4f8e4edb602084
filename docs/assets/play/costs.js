// The curve of -log p, with examples on it.

import { short } from "./panel.js";
import { cost, mean } from "./prob.js";

const TOP = 19.3; // nats: how high the published figure is

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
