// Mini-batch gradients as a cloud round the full one, and where many steps arrive.

import { Chart } from "./chart.js";
import { SIZES, drawing, place } from "./cloud.js";
import { Clouds } from "./clouds.js";
import { Panel, short } from "./panel.js";
import { Trainer } from "./trainer.js";
import { Walk, count } from "./walk.js";

const MARKS = 16; // losses over all examples in a walk
const PART = 1e-9; // lengths: more than rounding

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{aside: number[][], along: number[][]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 0.64);
  const known = SIZES.map((batch, i) => ({ batch, aside: published.aside[i], along: published.along[i] }));
  const clouds = new Clouds(trainer, known, draw);
  let wishing = false; // for a cloud of the reader's own

  const panel = new Panel(box, [
    { name: "batch", label: "Batch size", value: 128, least: 1, most: 10000, to: 1024, whole: true, log: true },
    { name: "draws", label: "Gradients in a cloud", value: 40, least: 2, most: 500, to: 200, whole: true, log: true, more: true },
    { name: "before", label: "Train first, steps", value: 0, least: 0, most: 20000, to: 1000, whole: true, more: true },
    { name: "steps", label: "Steps to walk", value: 32, least: 1, most: 5000, to: 320, whole: true, log: true, more: true },
    { name: "rate", label: "Learning rate", value: 0.1, least: 1e-6, most: 100, from: 1e-3, to: 3, log: true, more: true },
    { name: "seed", label: "Seed", value: 1, least: 0, most: 4294967295, to: 99, whole: true, more: true },
    { name: "against", label: "Draw the walk against", value: 0, least: 0, most: 1, choices: { 0: "steps", 1: "examples" }, more: true },
  ], [
    { name: "run", label: "Draw the clouds", press: drawAll, main: true },
    { name: "walk", label: "Walk both ways", press: walkBoth },
  ], (name) => (name === "batch" ? drawOwn() : draw()));
  const walk = new Walk(box);
  const { values } = panel;

  function draw() {
    chart.draw(drawing(clouds.all, clouds.own, (chart.height - 50) / (chart.width - 56)));
    walk.draw(values.against === 1);
  }

  /** Whether the parameters are there at which all begins; otherwise it is said. */
  async function begin() {
    const well = await clouds.begin(values);
    if (!well) overflow("the training before");
    return well;
  }

  function overflow(/** @type {string} */ where) {
    wishing = false;
    panel.busy(false);
    panel.say(`At a rate of ${short(values.rate)} the loss overflowed in ${where}: it is no number any more. Choose a smaller rate.`);
  }

  async function drawAll() {
    if (!panel.ready()) return;
    panel.busy(true);
    panel.say("Drawing …");
    if (!(await begin())) return;
    await clouds.fillAll(values.draws);
    panel.busy(false);
    const said = clouds.all.map((cloud) => `Batch ${cloud.batch}: ${place(cloud)}.`).join(" ");
    panel.say(`${said}${panel.asPublished("batch", "steps", "rate", "against") ? ` ${parting()}` : ""}`);
  }

  function parting() {
    const most = clouds.apart();
    return most < PART ? "Each dot is PyTorch's, but for rounding." : `The dots are PyTorch's to within ${most.toExponential(0)}.`;
  }

  /** The cloud at the reader's batch size: a newer wish ends an older one. */
  async function drawOwn() {
    if (!wishing && !panel.buttons.stop.disabled) return; // something else is going on
    const number = ++clouds.wish;
    const wanted = () => number === clouds.wish;
    panel.busy(true);
    wishing = true;
    panel.say("Drawing …");
    if (!(await begin()) || !wanted()) return;
    await clouds.fillOwn(values.batch, values.draws, wanted);
    const { own } = clouds;
    if (!wanted() || !own) return;
    wishing = false;
    panel.busy(false);
    panel.say(`Batch ${own.batch}: ${place(own)}. Four times the batch, half as far aside.`);
  }

  async function walkBoth() {
    if (!panel.ready()) return;
    const { batch, steps, rate } = values;
    panel.busy(true);
    panel.say("Walking …");
    if (!(await begin())) return;
    for (const name of ["mini", "full"]) await trainer.ask("fork", { name, from: "start" });
    walk.begin({ batch, steps, all: clouds.size }, await trainer.ask("fullLoss", { name: "start" }));
    const orders = [{ run: "mini", lr: rate, batchSize: batch }, { run: "full", lr: rate, batchSize: 0 }];
    const { over } = await trainer.go(orders, steps, (report) => {
      walk.add(report);
      draw();
    }, Math.max(1, Math.round(steps / MARKS)));
    if (over) return overflow(over === "full" ? "the walk on all examples" : `the walk on batches of ${batch}`);
    panel.busy(false);
    const [mini, full] = [walk.mini, walk.full].map((losses) => losses[losses.length - 1].toFixed(2));
    panel.say(`${steps} steps on batches of ${batch} end at ${mini} nats, after ${count(batch * steps)} examples. On all examples they end at ${full}, after ${count(clouds.size * steps)}: ${short(clouds.size / batch)} times as many.`);
  }

  function stop() {
    trainer.stop();
    clouds.wish++;
    wishing = false;
  }

  function forget() {
    clouds.forget();
    walk.clear();
  }

  panel.endBy({ stop, forget, draw });
  draw();
  return () => trainer.stop();
}
