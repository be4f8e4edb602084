// What each piece of the recipe is worth, and the reader's own run.

import { short } from "./panel.js";

const WINDOW = 50; // batches in a mean

/** @typedef {{pieces: string[], ends: number[][], guess: number}} Published */

/**
 * @param {Published} published
 * @param {{row: number, loss: number}[]} mine where the reader's runs ended
 * @returns {import("./chart.js").Drawing}
 */
export function drawing({ pieces, ends, guess }, mine) {
  const rows = pieces.map((_, row) => row);
  /** @type {import("./chart.js").Layer[]} */
  const layers = ends.map((of, row) => ({
    kind: "dots", color: row ? 1 : 0, thin: true, x: of, y: of.map(() => row),
    label: row > 1 ? undefined : ["published, with all pieces", "with one left out"][row],
  }));
  layers.push({ kind: "upright", color: 5, dashed: true, x: [guess], y: [0], label: "a uniform guess" });
  const inside = mine.map(({ row, loss }) => ({ row, loss: Math.min(loss, 5.8) }));
  layers.push({ kind: "dots", color: 2, x: inside.map((dot) => dot.loss), y: inside.map((dot) => dot.row), label: mine.length ? "yours" : undefined });
  return {
    title: "Each piece that is left out costs",
    described: pieces.map((piece, row) => `${row ? `Without ${piece}` : "All pieces"}: ${mean(ends[row]).toFixed(2)} nats.`).join(" "),
    x: { label: "loss on all names at the end (nats)", from: 0.5, to: 6 },
    y: { label: "", from: 7.6, to: -0.6, ticks: rows, format: (row) => (row ? `without ${pieces[row]}` : "all pieces") },
    left: 178,
    layers,
  };
}

/**
 * A run, as far as it has come.
 * @param {number[]} losses
 * @param {number} steps
 * @param {number} classes
 * @returns {import("./chart.js").Drawing}
 */
export function runDrawing(losses, steps, classes) {
  const x = [];
  const y = [];
  const window = Math.max(1, Math.min(WINDOW, Math.floor(steps / 10)));
  for (let at = 0; at + window <= losses.length; at += window) {
    x.push(at + window / 2);
    y.push(mean(losses.slice(at, at + window)));
  }
  return {
    title: "Your run",
    described: `Batch loss over ${losses.length} steps, now ${short(y[y.length - 1] ?? losses[0])} nats.`,
    x: { label: "step", from: 0, to: steps },
    y: { label: "loss (nats)", from: 0, to: Math.max(4, ...y.filter((value) => value < 40)) },
    layers: [
      { kind: "line", color: 2, x, y, label: `mean of ${window} batches` },
      { kind: "level", color: 5, dashed: true, x: [0], y: [Math.log(classes)], label: "a uniform guess" },
    ],
  };
}

const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
