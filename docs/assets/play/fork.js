// A run whose learning rate is cut: its losses at the old rate and after the cut.

import { nth } from "./cuts.js";
import { short } from "./panel.js";

const MEAN = 20; // batches
const PART = 1e-5; // nats: more than the published means lose in float32

/**
 * A reader's run: its losses at the old rate, those after the cut, and its step.
 * @typedef {{kept: number[], lower: number[], at: number}} Run
 */

/**
 * Means of twenty batches, whose middles are not before step `from`.
 * @param {number[]} losses
 * @param {number} [from]
 */
function means(losses, from = 0) {
  const first = Math.max(0, Math.ceil(from / MEAN - 0.5));
  const count = Math.max(0, Math.floor(losses.length / MEAN) - first);
  const y = Array.from({ length: count }, (_, i) => mean(losses.slice((first + i) * MEAN, (first + i + 1) * MEAN)));
  return { x: y.map((_, i) => (first + i + 0.5) * MEAN), y };
}

/** The means after the cut, and before it from step `from` on. */
const cutMeans = (/** @type {Run} */ { kept, lower, at }, from = 0) => means([...kept.slice(0, at), ...lower], from);

/**
 * @param {number[]} smooth the published means
 * @param {Run} run
 * @param {{rate: number, divisor: number}} settings of that run
 * @param {number} marked the step of the cut, NaN if there is none yet
 * @param {boolean} near whether the fork alone is shown
 * @param {number} end the last step
 * @returns {import("./chart.js").Drawing}
 */
export function drawing(smooth, run, { rate, divisor }, marked, near, end) {
  const { kept, lower, at } = run;
  const fork = at >= 0 ? at : marked;
  const from = near && fork >= 0 ? Math.max(0, fork - end / 10) : 0;
  const x = smooth.map((_, i) => (i + 0.5) * MEAN).filter((step) => step >= from);
  const all = { x, y: x.length ? smooth.slice(-x.length) : [] };
  const old = means(kept, from);
  const low = cutMeans(run, Math.max(from, at - 1.5 * MEAN));
  /** @type {import("./chart.js").Layer[]} */
  const layers = [{ kind: "line", color: 0, ...all, label: "published" }];
  if (kept.length) layers.push({ kind: "line", color: 2, dashed: true, ...old, label: `yours, at ${short(rate)}` });
  if (lower.length) layers.push({ kind: "line", color: 1, ...low, label: `yours, cut to ${short(rate / divisor)}` });
  // The whole run comes in from above: its first fifth would flatten all the rest.
  const first = from || end / 5;
  const seen = [all, old, low].flatMap(({ x, y }) => y.filter((loss, i) => x[i] >= first && Number.isFinite(loss)));
  const most = Math.max(...seen, from ? 0 : 4.75);
  const least = Math.min(from ? most - 0.1 : 1, ...seen);
  if (!Number.isNaN(marked)) {
    layers.push({ kind: "upright", color: 1, dotted: true, x: [marked], y: [0] });
    const late = marked > (from + end) / 2;
    const place = marked + ((late ? -1 : 1) * (end - from)) / 100;
    layers.push({ kind: "words", color: 1, x: [place], y: [least + (most - least) * 0.92], text: "the rate is cut", anchor: late ? "end" : "start" });
  }
  const told = (/** @type {number[]} */ y) => (y.length ? `from ${y[0].toFixed(2)} to ${y[y.length - 1].toFixed(2)} nats` : "none yet");
  return {
    title: "Cut the rate, and the loss drops at once",
    described: `Batch loss against the step, from ${from} to ${end}. Published, cut at step 800: ${told(all.y)}. Yours, at the old rate: ${told(old.y)}; cut: ${told(low.y)}.`,
    x: { label: "step", from, to: end },
    y: { label: `batch loss, mean of ${MEAN} (nats)`, from: least - (from ? (most - least) * 0.1 : 0), to: most * 1.05 },
    layers,
  };
}

/**
 * Where a browser's means part from the published ones, in words.
 * @param {number[]} smooth
 * @param {Run} run
 */
export function parting(smooth, run) {
  const apart = cutMeans(run).y.map((loss, i) => Math.abs(loss - smooth[i]));
  const step = apart.findIndex((gap) => gap > PART) * MEAN;
  if (step < 0) return "Each mean is the published one, but for rounding.";
  return `Up to step ${nth(step)} each mean is the published one, but for rounding; then rounding grows, to ${Math.max(...apart).toFixed(6)} nats.`;
}

const mean = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
