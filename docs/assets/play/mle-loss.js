// The loss in one line: drag an example along -log p, and the mean of all follows.

import { Chart } from "./chart.js";
import { dotAt, drawing, onCurve } from "./costs.js";
import { Grid } from "./grid.js";
import { Panel, short } from "./panel.js";
import { cost, drawProb, mean, names as namesOf, sliced, told } from "./prob.js";
import { Trainer } from "./trainer.js";

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{line_p: number[], line_cost: number[], dot_p: number[], dot_cost: number[], mean: number, names: string[]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 0.66);
  /** @type {string[]} */
  let names = published.names;
  let p = [...published.dot_p]; // of what came, for each example
  let before = published.dot_p; // as the model gave them
  /** @type {{probs: Float64Array, Y: number[], chars: string[]} | undefined} a run's `prob` */
  let run;

  const panel = new Panel(box, [
    { name: "row", label: "Row of prob", value: 0, least: 0, most: 31, whole: true },
    { name: "p", label: "p of what came", value: p[0], least: 0, most: 1, from: 1e-8, log: true },
    { name: "batch", label: "Batch size", value: 32, least: 1, most: 1024, to: 256, whole: true, log: true, more: true },
    { name: "steps", label: "Steps", value: 500, least: 1, most: 20000, to: 5000, whole: true, log: true, more: true },
    { name: "lr", label: "Learning rate", value: 0.1, least: 1e-6, most: 1e6, from: 1e-3, to: 10, log: true, more: true },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
  ], [
    { name: "run", label: "Train, and fill in prob", press: train, main: true },
  ], changed);
  const grid = new Grid(box, choose);

  const field = (/** @type {string} */ name) => /** @type {import("./panel.js").Field} */ (panel.fields.find((one) => one.name === name));

  /** @param {number} row */
  function mark(row) {
    field("p").value = before[row]; // the address has p only where it was dragged
    panel.fill({ row, p: p[row] });
    draw();
  }

  /** @param {number} row */
  function choose(row) {
    mark(row);
    panel.say(about());
  }

  /** @param {string} name */
  function changed(name) {
    if (name === "row") choose(panel.values.row);
    if (name === "p") give(panel.values.p);
  }

  /** @param {number} value */
  function give(value) {
    p[panel.values.row] = value;
    draw();
    panel.say(about());
  }

  const lossIs = () => (p.includes(0) ? "infinite" : `${mean(p.map(cost)).toFixed(2)} nats`);

  const about = () => told(panel.values.row, { names, p, before, loss: lossIs() }, run);

  function draw() {
    const { row } = panel.values;
    const written = new Set(run ? [row] : [0, 2, 18, row]);
    chart.draw(drawing(published, { names, p, row, written, loss: lossIs() }));
    if (run) drawProb(grid, { ...run, row, p, before });
  }

  async function train() {
    if (!panel.ready()) return;
    const { batch, steps, lr, seed } = panel.values;
    const same = panel.asPublished("row", "p");
    panel.busy(true);
    panel.say("Training …");
    const { chars } = await trainer.begin();
    await trainer.ask("make", { name: "one", seed });
    // The last step's batch is looked at before the step, as on the page.
    let taken = 0;
    const { over } = await trainer.go([{ run: "one", lr, batchSize: batch }], steps - 1, ({ losses }) => (taken += losses.one.length));
    const found = await trainer.ask("probs", { name: "one", count: batch });
    panel.busy(false);
    if (over || found.probs.some(Number.isNaN)) {
      return panel.say(`At a rate of ${short(lr)} the loss overflowed after ${taken} steps: it is no number any more. Choose a smaller rate.`);
    }
    run = { probs: found.probs, Y: found.Y, chars };
    names = namesOf(found.X, found.Y, chars);
    before = run.Y.map((y, i) => found.probs[i * chars.length + y]);
    p = [...before];
    field("row").most = batch - 1;
    mark(p.indexOf(Math.min(...p)));
    const zeros = p.filter((each) => each === 0).length;
    if (zeros) {
      return panel.say(`${zeros} of the probabilities are too small to store: they have become zero, and the loss is infinite. Choose a smaller learning rate. F.cross_entropy would have stayed finite.`);
    }
    panel.say(`The loss of the last batch is ${lossIs()}.${same ? compared() : ""} The slice prob[:, Yb] would give ${sliced(found).toFixed(2)}.`);
  }

  function compared() {
    const costs = p.map(cost).sort((a, b) => b - a);
    const apart = Math.max(...costs.map((each, i) => Math.abs(each - published.dot_cost[i])));
    return apart < 1e-9 ? " This is the page's run: each dot is the published one, but for rounding." : ` The dots are up to ${short(apart)} nats from the published ones.`;
  }

  function forget() {
    run = undefined;
    grid.clear();
    names = published.names;
    p = [...published.dot_p];
    before = published.dot_p;
    field("row").most = 31;
    field("p").value = p[0];
  }

  let held = false;
  chart.onDrag((x, y, begins) => {
    if (begins) {
      const { row } = panel.values;
      const dot = dotAt(chart, x, y, p, row);
      held = dot !== undefined;
      if (dot !== undefined && dot !== row) choose(dot);
    } else if (held) {
      const value = onCurve(chart, x, y);
      panel.set("p", value);
      give(value);
    }
  });

  panel.endBy({ stop: () => trainer.stop(), forget, draw, published: "As published, the costliest example first." });
  // A dot that the address has dragged.
  if (new URLSearchParams(location.search).has("p")) p[panel.values.row] = panel.values.p;
  mark(panel.values.row);
  if (!panel.said.textContent) panel.say("Drag a dot along the curve: the dashed line, the loss, follows.");
  return () => trainer.stop();
}
