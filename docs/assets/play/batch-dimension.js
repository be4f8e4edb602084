// The dimension of the examples: see it go through every shape, and two bugs mix it up.

import { Chart } from "./chart.js";
import { Grid } from "./grid.js";
import { Panel } from "./panel.js";
import { Trainer } from "./trainer.js";
import { VERSIONS, derivatives, losses } from "./mixing.js";

const SEEN = 36; // examples that the grid shows
const say = (/** @type {number} */ size) => size.toLocaleString("en");

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{names: string[], sizes: number[][]}} published
 */
export function play(stage, box, { names, sizes }) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 1.05);
  const [[N]] = sizes;
  const V = sizes[3][1];
  /** @type {{logits: Float64Array, Y: Int32Array} | undefined} a batch that went through */
  let sent;

  const panel = new Panel(box, [
    { name: "batch", label: "Batch size", value: N, least: 1, most: N, whole: true, log: true },
    { name: "version", label: "Softmax", value: 0, least: 0, most: 2, choices: { 0: "right: exps.sum(1, keepdim=True)", 1: "dim 0: exps.sum(0, keepdim=True)", 2: "no keepdim: exps.sum(1)" } },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
  ], [
    { name: "run", label: "Send a batch through", press: send, main: true },
    { name: "thirty", label: `Take ${V} examples`, press: thirty },
    { name: "stop", label: "Stop", press: stop },
    { name: "reset", label: "Reset", press: reset },
  ], changed);
  const grid = new Grid(box);
  const busy = (/** @type {boolean} */ on) => panel.allow({ run: !on, thirty: !on, stop: on });

  /** Sizes of the six tensors; the examples' is the first, where there is one. */
  const shapes = () => sizes.map(([first, ...others]) => [first ? panel.values.batch : 0, ...others].filter((size) => size > 0));
  const shape = (/** @type {number[]} */ of) => `(${of.map(say).join(", ")}${of.length === 1 ? "," : ""})`;

  /** The losses of the version, or the error that PyTorch raises. */
  function results() {
    const { version } = panel.values;
    if (!sent) return undefined;
    const mean = (/** @type {Float64Array} */ of) => of.reduce((sum, loss) => sum + loss, 0) / of.length;
    const shown = losses(VERSIONS[version], sent.logits, sent.Y);
    return { shown: shown && mean(shown), right: mean(/** @type {Float64Array} */ (losses("right", sent.logits, sent.Y))) };
  }

  function draw() {
    const { version } = panel.values;
    const found = results();
    const last = ["F.cross_entropy, or by hand", "exps / exps.sum(0, keepdim=True)", "exps / exps.sum(1)"][version];
    const steps = ["C[X]", "tanh(emb.flatten(1) @ W1 + b1)", "h @ W2 + b2", version ? last : "cross_entropy with Y", "mean over the examples"];
    const all = shapes();
    const y = all.map((_, row) => -1.5 * row);
    /** @type {import("./chart.js").Layer[]} */
    const layers = [{ kind: "words", color: 1, x: [0.7], y: [0.5], text: "examples", anchor: "middle" }];
    const left = (/** @type {number} */ dim) => 1.6 * dim;
    const boxes = all.flatMap((of, row) => of.map((size, dim) => ({ row, dim, size })));
    for (const first of [true, false]) {
      const some = boxes.filter(({ dim }) => (dim === 0) === first);
      layers.push({ kind: "bars", color: first ? 1 : 0, hatched: first, thick: 14, low: some.map(({ dim }) => left(dim)), x: some.map(({ dim }) => left(dim) + 1.4), y: some.map(({ row }) => y[row] - 0.27) });
    }
    for (const { row, dim, size } of boxes) layers.push({ kind: "words", x: [left(dim) + 0.7], y: [y[row]], text: say(size), anchor: "middle" });
    names.forEach((name, row) => layers.push({ kind: "words", x: [-0.2], y: [y[row] - 0.35], text: name, anchor: "end" }));
    steps.forEach((step, row) => layers.push({ kind: "words", color: row === 3 && version ? 1 : "ink", x: [1.6], y: [y[row] - 0.85], text: `↓ ${step}` }));
    const value = found?.shown === undefined ? "one number, no dimension left" : version ? `${found.shown.toFixed(1)} shown, ${found.right.toFixed(1)} true` : found.shown.toFixed(1);
    layers.push({ kind: "words", x: [0], y: [y[5] - 0.35], text: `()  ${value}` });
    const none = { label: "", ticks: [] };
    chart.draw({
      title: "The examples keep a dimension up to the mean",
      described: `${names.map((name, row) => `${name} ${shape(all[row])}`).join(", ")}.`,
      left: 8, x: { ...none, from: -1.2, to: 5.4 }, y: { ...none, from: y[5] - 0.5, to: 1 }, layers,
    });
  }

  /** Whose loss depends on whose logits. */
  function drawGrid() {
    const { version, batch } = panel.values;
    if (!sent) return grid.clear();
    const count = Math.min(SEEN, batch);
    const values = derivatives(VERSIONS[version], sent.logits, sent.Y, count);
    if (!values) return grid.clear();
    const others = values.filter((value, i) => value > 0 && i % count !== Math.floor(i / count)).length;
    grid.draw({
      title: "Whose loss depends on whose logits",
      described: `${count} by ${count} cells; ${others} beside the diagonal are filled.`,
      values, rows: count, cols: count, steps: [Number.MIN_VALUE, 1e-6, 1e-3, 0.1],
      across: "the logits of example", down: "the loss of example",
      key: `Filled: a derivative that is not zero, darker above a millionth, a thousandth and a tenth.${count < batch ? ` The first ${count} of ${say(batch)} examples.` : ""}`,
    });
    return others;
  }

  /** What came of the batch, in words. */
  function tell() {
    const { batch, version } = panel.values;
    const found = results();
    const others = drawGrid();
    draw();
    if (!found) return;
    if (found.shown === undefined) {
      return panel.say(`With ${say(batch)} examples and ${V} classes, PyTorch raises an error: the sums (${say(batch)},) don't fit the columns of (${say(batch)}, ${V}). Take ${V} examples, as many as classes, and nothing complains.`);
    }
    const right = `${found.right.toFixed(2)} nats`;
    if (version === 0) return panel.say(`The loss is ${right}. Each loss depends on its own example's logits alone.`);
    const zero = batch === 1 && version === 1 ? " Each number is divided by itself, and depends on nothing." : "";
    const mixed = others ? ` Each loss depends on other examples' logits, too${version === 1 ? ", all of them" : ": on those whose number is its label"}.` : "";
    panel.say(`The loss that you are shown is ${found.shown.toFixed(2)} nats, the true one ${right}. The shapes are right.${zero}${mixed}`);
  }

  /** @param {string} name */
  function changed(name) {
    if (name === "version" && sent) return tell();
    if (name !== "version") sent = undefined;
    grid.clear();
    draw();
    panel.say(`${names.map((one, row) => `${one} ${shape(shapes()[row])}`).join(" → ")}`);
  }

  async function send() {
    if (!panel.ready()) return;
    const { seed, batch } = panel.values;
    busy(true);
    panel.say("Sending the batch through …");
    await trainer.begin();
    await trainer.ask("make", { name: "one", seed });
    sent = await trainer.ask("logits", { name: "one", count: batch });
    busy(false);
    tell();
  }

  function thirty() {
    panel.set("batch", V);
    sent = undefined;
    return send();
  }

  function stop() {
    trainer.stop();
    busy(false);
    panel.say("Stopped.");
  }

  function reset() {
    trainer.stop();
    busy(false);
    sent = undefined;
    grid.clear();
    panel.reset();
    draw();
    panel.say("As published: all examples at once.");
  }

  busy(false);
  draw();
  if (!panel.said.textContent) panel.say("Change the batch size: it stands in every shape but the last.");
  return () => trainer.stop();
}
