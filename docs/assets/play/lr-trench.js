// The learning-rate trench: draw a sweep, choose a rate on it, train at that rate.

import { Chart } from "./chart.js";
import { Panel, short } from "./panel.js";
import { drawing, smoothed } from "./sweep.js";
import { Trainer } from "./trainer.js";
import { Valley } from "./valley.js";

const PART = 1e-6; // nats: more than rounding leaves before two runs part
const CONSTANT = 500; // steps at a constant rate

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {import("./sweep.js").Published} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage);
  /** @type {import("./sweep.js").Sweep} */
  let mine = { x: [], y: [] };

  const panel = new Panel(box, [
    { name: "rate", label: "Learning rate", value: 0.3, least: 1e-6, most: 100, from: 1e-4, to: 3, log: true },
    { name: "low", label: "Sweep from 10 to the power of", value: -5, least: -8, most: 1, from: -6, more: true },
    { name: "high", label: "Sweep to 10 to the power of", value: 0, least: -7, most: 3, to: 2, more: true },
    { name: "batch", label: "Batch size", value: 32, least: 1, most: 4096, to: 512, whole: true, log: true, more: true },
    { name: "steps", label: "Steps", value: 1000, least: 20, most: 20000, from: 100, to: 5000, whole: true, log: true, more: true },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
  ], [
    { name: "run", label: "Run the sweep", press: sweep, main: true },
    { name: "train", label: "Train at the rate", press: train },
    { name: "twins", label: "Run two, a last bit apart", press: twins },
  ], draw);
  const valley = new Valley(box, CONSTANT);
  const { values } = panel;

  function draw() {
    chart.draw(drawing(published, mine, { low: values.low, high: values.high, rate: values.rate }));
    valley.draw();
  }

  const exponents = () => Array.from({ length: values.steps }, (_, i) => values.low + ((values.high - values.low) * i) / (values.steps - 1));

  /** @param {string[]} names of runs to begin */
  async function start(...names) {
    if (!panel.ready()) return false;
    if (values.low >= values.high) {
      panel.say("The sweep must rise: make its first exponent smaller than its last.");
      return false;
    }
    panel.busy(true);
    panel.say("Training …");
    await trainer.begin();
    for (const name of names) {
      await trainer.ask("make", { name, seed: values.seed, nudge: name === "twin" });
    }
    return true;
  }

  async function sweep() {
    if (!(await start("one"))) return;
    const lre = exponents();
    mine = { x: lre, y: [] };
    const order = { run: "one", lr: lre.map((e) => 10 ** e), batchSize: values.batch };
    const { over } = await trainer.go([order], lre.length, ({ losses }) => {
      mine.y.push(...losses.one);
      draw();
    });
    panel.busy(false);
    if (over) return panel.say(`At a rate of ${short(10 ** mine.x[mine.y.length - 1])} the loss overflowed: it is no number any more. Sweep to a smaller exponent.`);
    const means = smoothed(mine.y).map((loss) => (Number.isNaN(loss) ? Infinity : loss));
    const at = means.indexOf(Math.min(...means));
    panel.set("rate", 10 ** mine.x[at]);
    draw();
    const trench = `The trench: about ${short(values.rate)}, at ${means[at].toFixed(1)} nats.`;
    panel.say(`${trench} ${panel.asPublished("rate") ? parting() : ""}`);
  }

  /** Where this browser's losses part from the published ones. */
  function parting() {
    const step = mine.y.findIndex((loss, i) => Math.abs(loss - published.losses[i]) > PART);
    if (step < 0) return "Each loss is PyTorch's, but for rounding.";
    return `Up to step ${step} each loss is PyTorch's, but for rounding. There, at a rate of ${short(10 ** mine.x[step])}, your browser and PyTorch part: past the trench, the last bit decides.`;
  }

  async function train() {
    if (!(await start("one"))) return;
    const { rate, batch } = values;
    /** @type {number[]} */
    const losses = [];
    const order = { run: "one", lr: rate, batchSize: batch };
    const { over } = await trainer.go([order], CONSTANT, (report) => losses.push(...report.losses.one));
    panel.busy(false);
    if (over) return panel.say(`At a rate of ${short(rate)} the loss overflowed after ${losses.length} steps. Choose a smaller one.`);
    const said = valley.add(rate, losses);
    draw();
    panel.say(said);
  }

  async function twins() {
    if (!(await start("one", "twin"))) return;
    const lre = exponents();
    const lr = lre.map((e) => 10 ** e);
    mine = { x: lre, y: [] };
    /** @type {number[]} */
    const twin = [];
    const orders = ["one", "twin"].map((run) => ({ run, lr, batchSize: values.batch }));
    await trainer.go(orders, lre.length, ({ losses }) => {
      mine.y.push(...losses.one);
      twin.push(...losses.twin);
      draw();
    });
    panel.busy(false);
    const step = twin.findIndex((loss, i) => !(Math.abs(loss - mine.y[i]) < 0.01));
    const said = step < 0 ? "They stay together all the way." : `They stay together for ${step} steps, then part by more than a hundredth of a nat: at a rate of ${short(lr[step])}.`;
    panel.say(`Two runs, which differ in the last bit of ten weights. ${said}`);
  }

  function forget() {
    mine = { x: [], y: [] };
    valley.clear();
  }

  chart.onDrag((lre) => {
    panel.set("rate", Number((10 ** lre).toPrecision(3)));
    draw();
  });
  panel.endBy({ stop: () => trainer.stop(), forget, draw });
  draw();
  return () => trainer.stop();
}
