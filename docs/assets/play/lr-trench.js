// The learning-rate trench: draw a sweep, choose a rate on it, train at that rate.

import { Chart } from "./chart.js";
import { Panel, short } from "./panel.js";
import { Trainer } from "./trainer.js";

const PART = 1e-6; // nats: more than rounding leaves before two runs part
const CONSTANT = 500; // steps at a constant rate, of which the last TAIL are averaged
const TAIL = 100;

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{lre: number[], losses: number[], smooth: number[]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage);
  /** @type {{x: number[], y: number[]}} */
  let mine = { x: [], y: [] };
  /** @type {{rate: number, loss: number}[]} */
  let dots = [];

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
    { name: "stop", label: "Stop", press: stop },
    { name: "reset", label: "Reset", press: reset },
  ], draw);
  const valley = new Chart(box, 0.55);

  const exponents = () => {
    const { low, high, steps } = panel.values;
    return Array.from({ length: steps }, (_, i) => low + ((high - low) * i) / (steps - 1));
  };
  const asPublished = () => panel.fields.every(({ name, value }) => name === "rate" || panel.values[name] === value);

  /** The mean of a tenth of a sweep, around each of its steps. */
  function smoothed(/** @type {number[]} */ losses, length = losses.length) {
    const window = 2 * Math.floor(length / 20) + 1;
    const middle = (window - 1) / 2;
    const means = losses.map((_, i) => {
      const part = losses.slice(i - middle, i + middle + 1);
      return i < middle || part.length < window ? NaN : part.reduce((sum, loss) => sum + loss) / window;
    });
    return means;
  }

  function draw() {
    const { low, high } = panel.values;
    const lre = Math.log10(panel.values.rate);
    const known = published.lre.length - published.smooth.length;
    /** @type {import("./chart.js").Layer[]} */
    const layers = [{ kind: "line", thin: true, color: 5, x: published.lre, y: published.losses }];
    layers.push({ kind: "line", color: 0, x: published.lre.slice(known / 2, -known / 2), y: published.smooth, label: "published, mean of 101 batches" });
    if (mine.y.length) {
      layers.push({ kind: "line", color: 1, thin: true, x: mine.x, y: mine.y });
      layers.push({ kind: "line", color: 1, dashed: true, x: mine.x, y: smoothed(mine.y, mine.x.length), label: "yours" });
    }
    layers.push({ kind: "upright", color: 2, dashed: true, x: [lre], y: [0], label: `the rate, ${short(panel.values.rate)}` });
    const from = Math.min(low, -5);
    const to = Math.max(high, 0);
    chart.draw({
      title: "One run: flat, a fall, a trench, a rise",
      described: `Loss against the exponent of the learning rate, published and yours. The marked rate is ${short(panel.values.rate)}.`,
      x: { label: "log10 of the learning rate", from, to },
      y: { label: "loss (nats)", from: 0, to: 36 },
      layers,
    });
    if (!dots.length) return;
    const ordered = [...dots].sort((a, b) => a.rate - b.rate);
    const rates = ordered.map((dot) => dot.rate);
    const losses = ordered.map((dot) => dot.loss);
    valley.draw({
      title: `Loss after ${CONSTANT} steps at one rate`,
      described: ordered.map((dot) => `Rate ${short(dot.rate)}: ${dot.loss.toFixed(2)} nats.`).join(" "),
      x: { label: "learning rate", from: Math.min(0.01, ...rates), to: Math.max(1, ...rates), log: true },
      y: { label: "loss (nats)", from: 0, to: Math.max(10, Math.min(36, ...losses) + 2, ...losses.filter((l) => l < 36)) },
      layers: [
        { kind: "line", thin: true, color: 2, x: rates, y: losses },
        { kind: "dots", color: 2, x: rates, y: losses, label: "a run at a constant rate: its last 100 batches" },
      ],
    });
  }

  const busy = (/** @type {boolean} */ on) => panel.allow({ run: !on, train: !on, twins: !on, stop: on });

  /** @param {string[]} names */
  async function start(...names) {
    if (!panel.ready()) return false;
    if (panel.values.low >= panel.values.high) {
      panel.say("The sweep must rise: make its first exponent smaller than its last.");
      return false;
    }
    busy(true);
    panel.say("Training …");
    await trainer.begin();
    for (const name of names) {
      await trainer.ask("make", { name, seed: panel.values.seed, nudge: name === "twin" });
    }
    return true;
  }

  async function sweep() {
    if (!(await start("one"))) return;
    const lre = exponents();
    mine = { x: lre, y: [] };
    const order = { run: "one", lr: lre.map((e) => 10 ** e), batchSize: panel.values.batch };
    const { over } = await trainer.go([order], lre.length, ({ losses }) => {
      mine.y.push(...losses.one);
      draw();
    });
    busy(false);
    if (over) return panel.say(overflow(mine.x[mine.y.length - 1]));
    const means = smoothed(mine.y).map((loss) => (Number.isNaN(loss) ? Infinity : loss));
    const at = means.indexOf(Math.min(...means));
    panel.set("rate", 10 ** mine.x[at]);
    draw();
    const trench = `The trench: about ${short(panel.values.rate)}, at ${means[at].toFixed(1)} nats.`;
    panel.say(`${trench} ${asPublished() ? parting() : ""}`);
  }

  /** Where this browser's losses part from the published ones. */
  function parting() {
    const step = mine.y.findIndex((loss, i) => Math.abs(loss - published.losses[i]) > PART);
    if (step < 0) return "Each loss is PyTorch's, but for rounding.";
    return `Up to step ${step} each loss is PyTorch's, but for rounding. There, at a rate of ${short(10 ** mine.x[step])}, your browser and PyTorch part: past the trench, the last bit decides.`;
  }

  const overflow = (/** @type {number} */ lre) =>
    `At a rate of ${short(10 ** lre)} the loss overflowed: it is no number any more. Sweep to a smaller exponent.`;

  async function train() {
    if (!(await start("one"))) return;
    const { rate, batch } = panel.values;
    /** @type {number[]} */
    const losses = [];
    const order = { run: "one", lr: rate, batchSize: batch };
    const { over } = await trainer.go([order], CONSTANT, (report) => losses.push(...report.losses.one));
    busy(false);
    if (over) return panel.say(`At a rate of ${short(rate)} the loss overflowed after ${losses.length} steps. Choose a smaller one.`);
    const tail = losses.slice(-TAIL);
    dots = [...dots.filter((dot) => dot.rate !== rate), { rate, loss: tail.reduce((sum, loss) => sum + loss) / tail.length }];
    draw();
    const least = dots.reduce((a, b) => (a.loss < b.loss ? a : b));
    const lowest = dots.length > 1 ? ` The lowest so far is at ${short(least.rate)}.` : " Drag the line and train again.";
    panel.say(`At a rate of ${short(rate)}, ${CONSTANT} steps end at ${dots[dots.length - 1].loss.toFixed(2)} nats.${lowest}`);
  }

  async function twins() {
    if (!(await start("one", "twin"))) return;
    const lre = exponents();
    const lr = lre.map((e) => 10 ** e);
    mine = { x: lre, y: [] };
    /** @type {number[]} */
    const twin = [];
    const orders = ["one", "twin"].map((run) => ({ run, lr, batchSize: panel.values.batch }));
    await trainer.go(orders, lre.length, ({ losses }) => {
      mine.y.push(...losses.one);
      twin.push(...losses.twin);
      draw();
    });
    busy(false);
    const step = twin.findIndex((loss, i) => !(Math.abs(loss - mine.y[i]) < 0.01));
    const said = step < 0 ? "They stay together all the way." : `They stay together for ${step} steps, then part by more than a hundredth of a nat: at a rate of ${short(lr[step])}.`;
    panel.say(`Two runs, which differ in the last bit of ten weights. ${said}`);
  }

  function stop() {
    trainer.stop();
    busy(false);
    panel.say("Stopped.");
  }

  function reset() {
    trainer.stop();
    busy(false);
    mine = { x: [], y: [] };
    dots = [];
    valley.clear();
    panel.reset();
    panel.say("As published.");
    draw();
  }

  chart.onDrag((lre) => {
    panel.set("rate", Number((10 ** lre).toPrecision(3)));
    draw();
  });
  busy(false);
  draw();
  return () => trainer.stop();
}
