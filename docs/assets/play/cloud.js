// Gradients of mini-batches, drawn beside the full one.

/** @typedef {{batch: number, aside: number[], along: number[]}} Cloud */
/** @typedef {import("./chart.js").Layer} Layer */

export const SIZES = [8, 32, 256]; // of the page's clouds, drawn in this order
/** @type {Layer["mark"][]} */
const FORMS = [undefined, "square", "triangle", "diamond"];

/**
 * @param {Cloud[]} clouds
 * @param {Cloud | undefined} own the reader's
 * @param {number} slope of the chart's diagonal
 * @returns {import("./chart.js").Drawing}
 */
export function drawing(clouds, own, slope) {
  const shown = own ? [...clouds, own] : clouds;
  const along = shown.flatMap((cloud) => cloud.along);
  const low = Math.min(0, ...along) - 0.1;
  const to = Math.max(4.6, ...shown.flatMap(({ aside }) => aside.map((x) => x * 1.08)), (Math.max(0, ...along) + 0.15 - low) / slope / 1.22);
  const line = (0.28 * to) / 4.6; // how high a line of words is
  /** @type {Layer[]} */
  const layers = [];
  for (const cloud of shown) {
    const color = cloud === own ? 3 : SIZES.indexOf(cloud.batch);
    const rays = (/** @type {number[]} */ ends) => ends.flatMap((end) => [0, end]);
    layers.push({ kind: "line", thin: true, faint: true, color, x: rays(cloud.aside), y: rays(cloud.along) });
    layers.push({ kind: "dots", thin: true, mark: FORMS[color], color, x: cloud.aside, y: cloud.along, label: `${cloud === own ? "yours, " : ""}batch ${cloud.batch}` });
  }
  layers.push({ kind: "arrow", x: [0, 0], y: [0, 1] });
  layers.push({ kind: "words", x: [-line / 5], y: [0.36 + line / 2], text: "full", anchor: "end" });
  layers.push({ kind: "words", x: [-line / 5], y: [0.36 - line / 2], text: "gradient", anchor: "end" });
  return {
    title: "A mini-batch's gradient is far from the full one",
    described: shown.map((cloud) => `Batch ${cloud.batch}: ${place(cloud)}.`).join(" "),
    x: { label: "to the side of the full gradient (in its lengths)", from: -to / 4.6, to },
    y: { label: "along it (in its lengths)", from: low, to: 2.45 },
    layers,
    equal: true,
  };
}

/** Where a cloud lies, in words. */
export function place(/** @type {Cloud} */ { aside, along }) {
  if (!aside.length) return "none yet";
  const cosine = mean(aside.map((x, i) => along[i] / Math.hypot(x, along[i])));
  return `${mean(aside).toFixed(2)} to the side on average, ${mean(along).toFixed(2)} along, cosine ${cosine.toFixed(2)}`;
}

const mean = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
