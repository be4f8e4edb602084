// The shapes that a batch goes through, drawn one below the other.

const LAST = ["cross_entropy with Y", "exps / exps.sum(0, keepdim=True)", "exps / exps.sum(1)"]; // by version

export const say = (/** @type {number} */ size) => size.toLocaleString("en");

/** The six tensors' shapes, in words. */
export function told(/** @type {string[]} */ names, /** @type {number[][]} */ shapes) {
  return names.map((name, row) => `${name} (${shapes[row].map(say).join(", ")}${shapes[row].length === 1 ? "," : ""})`);
}

/**
 * @param {string[]} names of the tensors
 * @param {number[][]} shapes the examples' size first, where there is one
 * @param {number} version of the softmax
 * @param {string} value of the loss
 * @returns {import("./chart.js").Drawing}
 */
export function drawing(names, shapes, version, value) {
  const steps = ["C[X]", "tanh(emb.flatten(1) @ W1 + b1)", "h @ W2 + b2", LAST[version], "mean over the examples"];
  const y = shapes.map((_, row) => -1.5 * row);
  /** @type {import("./chart.js").Layer[]} */
  const layers = [{ kind: "words", color: 1, x: [0.7], y: [0.5], text: "examples", anchor: "middle" }];
  const left = (/** @type {number} */ dim) => 1.6 * dim;
  const boxes = shapes.flatMap((of, row) => of.map((size, dim) => ({ row, dim, size })));
  for (const first of [true, false]) {
    const some = boxes.filter(({ dim }) => (dim === 0) === first);
    layers.push({ kind: "bars", color: first ? 1 : 0, hatched: first, thin: !first, thick: 14, low: some.map(({ dim }) => left(dim)), x: some.map(({ dim }) => left(dim) + 1.4), y: some.map(({ row }) => y[row] - 0.27) });
  }
  for (const { row, dim, size } of boxes) layers.push({ kind: "words", x: [left(dim) + 0.7], y: [y[row] + 0.05], text: say(size), anchor: "middle" });
  names.forEach((name, row) => layers.push({ kind: "words", x: [-0.2], y: [y[row] - 0.35], text: name, anchor: "end" }));
  steps.forEach((step, row) => layers.push({ kind: "words", color: row === 3 && version ? 1 : "ink", x: [1.6], y: [y[row] - 0.85], text: `↓ ${step}` }));
  layers.push({ kind: "words", x: [0], y: [y[5] - 0.35], text: `()  ${value}` });
  const none = { label: "", ticks: [] };
  return {
    title: "The examples keep a dimension up to the mean",
    described: `${told(names, shapes).join(", ")}. The loss: ${value}.`,
    left: 8, x: { ...none, from: -1.2, to: 5.4 }, y: { ...none, from: y[5] - 0.5, to: 1 }, layers,
  };
}
