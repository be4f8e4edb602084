// The losses of a run's parts, and of a copy that is held beside: what is seen of them.

/** @typedef {{from: number, batch: number, hold: boolean, same: boolean, y: number[]}} Part */
/** @typedef {import("./chart.js").Layer} Layer */

/**
 * @param {Part[]} parts what was trained, or held, in turn
 * @param {{from: number, y: number[]}} copy
 * @param {number} from the first step that is seen
 * @param {number} to the last
 * @returns {import("./chart.js").Drawing}
 */
export function drawing(parts, copy, from, to) {
  /** @type {Layer[]} */
  const layers = [];
  /** @type {number[]} */
  const seen = [];
  const labels = new Set();
  const line = (/** @type {number} */ start, /** @type {number[]} */ y, /** @type {boolean} */ hold, /** @type {string} */ label) => {
    const skip = Math.max(0, from - start);
    const part = y.slice(skip);
    if (!part.length) return;
    seen.push(...part.filter(Number.isFinite));
    layers.push({ kind: "line", color: hold ? 1 : 0, dashed: hold, x: part.map((_, i) => start + skip + i), y: part, label: labels.has(label) ? undefined : label });
    labels.add(label);
  };
  for (const [i, { from: start, y, hold }] of parts.entries()) {
    const before = i ? parts[i - 1].y.slice(-1) : []; // so that there is no gap
    line(start - before.length, [...before, ...y], hold, hold ? "parameters held" : "learning");
  }
  line(copy.from, copy.y, true, `held from step ${copy.from} on`);
  const least = seen.length ? Math.floor(Math.min(...seen)) : 0;
  const most = Math.ceil(Math.max(...seen, least + 1));
  for (const [i, part] of parts.entries()) {
    if (i === 0 || part.from < from) continue;
    layers.push({ kind: "upright", thin: true, dashed: true, x: [part.from], y: [0] });
    if (part.batch === parts[i - 1].batch && !part.same) continue;
    layers.push({ kind: "words", x: [part.from + 1], y: [most - (most - least) * 0.03], text: `batch ${part.batch}${part.same ? ", the same" : ""}` });
  }
  return {
    title: "Stop learning, and the loss bounces on",
    described: `Loss of the batch against the step, from ${from} to ${to}: between ${least} and ${most} nats. Batch size ${parts[parts.length - 1].batch}.`,
    x: { label: "step", from, to },
    y: { label: "loss of the batch (nats)", from: least, to: most },
    layers,
  };
}
