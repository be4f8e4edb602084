// The dimension of the examples: see it go through every shape, and two bugs mix it up.

import { Chart } from "./chart.js";
import { Grid } from "./grid.js";
import { Panel } from "./panel.js";
import { drawing, say, told } from "./shapes.js";
import { Trainer } from "./trainer.js";
import { VERSIONS, derivatives, mixed } from "./mixing.js";

const SEEN = 36; // examples that the grid shows

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{names: string[], sizes: number[][]}} published
 */
export function play(stage, box, { names, sizes }) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 1.2);
  const [[N]] = sizes;
  const V = sizes[3][1];
  /** @type {{logits: Float64Array, Y: Int32Array} | undefined} a batch that went through */
  let sent;
  /** @type {({mean: number, logSums: Float64Array} | undefined)[]} by version: none where shapes don't fit */
  let found = [];
  let turn = 0; // of a batch on its way: what comes of an earlier one is not shown

  const panel = new Panel(box, [
    { name: "batch", label: "Batch size", value: N, least: 1, most: N, whole: true, log: true },
    { name: "version", label: "Softmax", value: 0, least: 0, most: 2, choices: Object.fromEntries(VERSIONS.entries()) },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
  ], [
    { name: "run", label: "Send a batch through", press: send, main: true },
    { name: "thirty", label: `Take ${V} examples`, press: thirty },
  ], changed);
  const grid = new Grid(box);

  /** Sizes of the six tensors; the examples' is the first, where there is one. */
  const shapes = () => sizes.map(([first, ...others]) => [first ? panel.values.batch : 0, ...others].filter((size) => size > 0));

  /** The mean loss that the version shows, if shapes fit, and the right one. */
  const results = () => sent && { shown: found[panel.values.version]?.mean, right: Number(found[0]?.mean) };

  function draw() {
    const { version } = panel.values;
    const means = results();
    const value = means?.shown === undefined ? "one number, no dimension left" : version ? `${means.shown.toFixed(1)} shown, ${means.right.toFixed(1)} true` : means.shown.toFixed(1);
    chart.draw(drawing(names, shapes(), version, value));
  }

  /** Whose loss depends on whose logits. */
  function drawGrid() {
    const { version, batch } = panel.values;
    const by = found[version];
    if (!sent || !by) return grid.clear();
    const count = Math.min(SEEN, batch);
    const values = derivatives(VERSIONS[version], sent.logits, sent.Y, by.logSums, count);
    const others = values.filter((value, i) => value > 0 && i % count !== Math.floor(i / count)).length;
    grid.draw({
      title: "Whose loss depends on whose logits",
      described: `${count} by ${count} cells; ${others} beside the diagonal are filled.`,
      values, rows: count, cols: count, steps: [Number.MIN_VALUE, 1e-6, 1e-3, 0.1],
      across: "the logits of example", down: "the loss of example",
      key: `Filled: a derivative that is not zero, stronger above a millionth, a thousandth and a tenth.${count < batch ? ` The first ${count} of ${say(batch)} examples.` : ""}`,
    });
    return others;
  }

  /** What came of the batch, in words. */
  function tell() {
    const { batch, version } = panel.values;
    const means = results();
    const others = drawGrid();
    draw();
    if (!means) return;
    if (means.shown === undefined) {
      return panel.say(`With ${say(batch)} examples and ${V} classes, PyTorch raises an error: the sums (${say(batch)},) don't fit the columns of (${say(batch)}, ${V}). Take ${V} examples, as many as classes, and nothing complains.`);
    }
    const right = `${means.right.toFixed(2)} nats`;
    if (version === 0) return panel.say(`The loss is ${right}. Each loss depends on its own example's logits alone.`);
    const alone = version === 1 ? " Each number is divided by itself, and depends on nothing." : " A single sum stretches to every class: with one example, the bug does no harm.";
    const mixed = others ? ` Each loss depends on other examples' logits, too${version === 1 ? ", all of them" : ": on those of the example whose number is its label"}.` : "";
    panel.say(`The loss that you are shown is ${means.shown.toFixed(2)} nats, the true one ${right}. The shapes are right.${batch === 1 ? alone : mixed}`);
  }

  /** @param {string} name */
  function changed(name) {
    if (name === "version" && sent) return tell();
    if (name !== "version") halt();
    draw();
    panel.say(told(names, shapes()).join(" → "));
  }

  async function send() {
    if (!panel.ready()) return;
    const { seed, batch } = panel.values;
    const mine = ++turn;
    panel.busy(true);
    panel.say("Sending the batch through …");
    await trainer.begin();
    await trainer.ask("make", { name: "one", seed });
    const { logits, Y } = await trainer.ask("logits", { name: "one", count: batch });
    const by = [];
    for (const version of VERSIONS) {
      await new Promise((resolve) => setTimeout(resolve)); // all at once would take long
      const of = mixed(version, logits, Y);
      by.push(of && { logSums: of.logSums, mean: of.losses.reduce((sum, loss) => sum + loss, 0) / batch });
    }
    if (mine !== turn) return;
    sent = { logits, Y };
    found = by;
    panel.busy(false);
    tell();
  }

  function thirty() {
    panel.set("batch", V);
    halt();
    return send();
  }

  /** Nothing has gone through, nor is on its way. */
  function halt() {
    turn += 1;
    trainer.stop();
    panel.busy(false);
    sent = undefined;
    grid.clear();
  }

  panel.endBy({ stop: halt, forget: () => {}, draw, published: "As published: all examples at once." });
  draw();
  if (!panel.said.textContent) panel.say("Change the batch size: it stands in every shape but the last.");
  return () => trainer.stop();
}
