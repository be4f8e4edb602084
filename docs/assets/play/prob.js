// The probabilities of a batch, and what an index picks from them. (For mle-loss.js.)

import { short } from "./panel.js";

const SEEN = 32; // rows of `prob` that are drawn

export const cost = (/** @type {number} */ p) => -Math.log(p);
export const mean = (/** @type {number[]} */ values) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** @param {string[]} chars */
const shown = (chars) => chars.map((char) => (char === " " ? "_" : char));

/**
 * The examples' names, as in the published figure.
 * @param {number[][]} X
 * @param {number[]} Y
 * @param {string[]} chars
 */
export function names(X, Y, chars) {
  const all = shown(chars);
  return Y.map((y, i) => `${X[i].map((c) => all[c]).join("")}→${all[y]}`);
}

/**
 * A row in words: what the index picks, and what that costs.
 * @param {number} row
 * @param {{names: string[], p: number[], before: number[], loss: string}} about
 * @param {{Y: number[]} | undefined} run whose `prob` it is
 */
export function told(row, { names, p, before, loss }, run) {
  const [seen, came] = names[row].split("→");
  const each = p[row] ? `costs ${cost(p[row]).toFixed(2)} nats` : "costs infinitely much, and one such example is enough";
  const cell = run ? `Yb[${row}] is ${run.Y[row]}, the character ${came}: prob[${row}, ${run.Y[row]}]` : `After ${seen} came ${came}, to which prob`;
  const moved = p[row] === before[row] ? "" : `, in place of ${short(before[row])}`;
  return `${cell} gives p = ${short(p[row])}${moved}, and that ${each}. The loss, the mean of all ${p.length}: ${loss}.`;
}

/**
 * The mean cost over every row with every label, which a slice takes.
 * @param {{probs: Float64Array, Y: number[]}} run
 */
export function sliced({ probs, Y }) {
  const V = probs.length / Y.length;
  const times = new Int32Array(V); // how often each label comes
  for (const y of Y) times[y] += 1;
  let sum = 0;
  probs.forEach((p, i) => (sum += times[i % V] ? times[i % V] * cost(p) : 0));
  return sum / Y.length ** 2;
}

/**
 * Draw `prob`, with the cell that is picked in each row.
 * @param {import("./grid.js").Grid} grid
 * @param {{probs: Float64Array, Y: number[], chars: string[], row: number, p: number[], before: number[]}} about
 *   `row` is chosen; `p` is what came's, and `before` what the model gave it
 */
export function drawProb(grid, { probs, Y, chars, row, p, before }) {
  const V = chars.length;
  const rows = Math.min(SEEN, Y.length);
  const first = Math.max(0, Math.min(row - SEEN / 2, Y.length - rows));
  const values = probs.slice(first * V, (first + rows) * V);
  for (let i = 0; i < rows; i++) {
    const [now, was] = [p[first + i], before[first + i]];
    // What is left for the other characters of a row whose dot was dragged.
    if (now !== was) for (let j = i * V; j < (i + 1) * V; j++) values[j] *= was < 1 ? (1 - now) / (1 - was) : 0;
    values[i * V + Y[first + i]] = now;
  }
  grid.draw({
    title: "prob, and the cell that the index picks in each row",
    described: `prob, ${Y.length} rows of ${V} probabilities. In row ${row} the index picks column ${Y[row]}: ${short(p[row])}.`,
    values, rows, cols: V, first, chosen: row, steps: [0.001, 0.01, 0.1, 0.5],
    picked: Array.from({ length: rows }, (_, i) => /** @type {[number, number]} */ ([i, Y[first + i]])),
    columns: shown(chars),
    across: "the next character: Yb picks one for each row",
    down: "the example: torch.arange(batch_size)",
    key: "From faint to full: above 0.001, 0.01, 0.1 and 0.5. Framed: picked.",
  });
}
