// A sweep of the learning rate, drawn over the published one.

import { short } from "./panel.js";

/** @typedef {{lre: number[], losses: number[], smooth: number[]}} Published */
/** @typedef {{x: number[], y: number[]}} Sweep the exponents of the rates, and the losses at them */

/**
 * The mean of a tenth of a sweep, around each of its steps.
 * @param {number[]} losses
 * @param {number} [length] steps of the whole sweep
 */
export function smoothed(losses, length = losses.length) {
  const window = 2 * Math.floor(length / 20) + 1;
  const middle = (window - 1) / 2;
  return losses.map((_, i) => {
    const part = losses.slice(i - middle, i + middle + 1);
    return i < middle || part.length < window ? NaN : part.reduce((sum, loss) => sum + loss) / window;
  });
}

/**
 * @param {Published} published
 * @param {Sweep} mine the reader's, as far as it has come
 * @param {{low: number, high: number, rate: number}} values its ends, and the rate to mark
 * @returns {import("./chart.js").Drawing}
 */
export function drawing(published, mine, { low, high, rate }) {
  const known = published.lre.length - published.smooth.length;
  /** @type {import("./chart.js").Layer[]} */
  const layers = [{ kind: "line", thin: true, color: 5, x: published.lre, y: published.losses }];
  layers.push({ kind: "line", color: 0, x: published.lre.slice(known / 2, -known / 2), y: published.smooth, label: "published, mean of 101 batches" });
  if (mine.y.length) {
    layers.push({ kind: "line", color: 1, thin: true, x: mine.x, y: mine.y });
    layers.push({ kind: "line", color: 1, dashed: true, x: mine.x, y: smoothed(mine.y, mine.x.length), label: "yours" });
  }
  layers.push({ kind: "upright", color: 2, dashed: true, x: [Math.log10(rate)], y: [0], label: `the rate, ${short(rate)}` });
  return {
    title: "One run: flat, a fall, a trench, a rise",
    described: `Loss against the exponent of the learning rate, published and yours. The marked rate is ${short(rate)}.`,
    x: { label: "log10 of the learning rate", from: Math.min(low, -5), to: Math.max(high, 0) },
    y: { label: "loss (nats)", from: 0, to: 36 },
    layers,
  };
}
