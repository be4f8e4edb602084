// The bounce of the loss: change the batch size, hold the parameters, or keep the batch.

import { Law, alike, bounce } from "./bounce.js";
import { Chart } from "./chart.js";
import { drawing } from "./losses.js";
import { Panel, short } from "./panel.js";
import { Parts } from "./parts.js";
import { Trainer } from "./trainer.js";

const WINDOW = 90; // steps that are seen at once
const ENOUGH = 30; // changes of the loss for a first measurement
const SAID = 60; // steps after which it is read out
const LATELY = 200; // steps that count for it while learning
const PART = 1e-9; // nats: more than rounding

/** @typedef {import("./losses.js").Part} Part */

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{losses: number[], held_losses: number[]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 0.7);
  let live = false;

  const panel = new Panel(box, [
    { name: "batch", label: "Batch size", value: 32, least: 1, most: 10000, to: 1024, whole: true, log: true },
    { name: "hold", label: "Hold the parameters", value: 0, least: 0, most: 1, whole: true, check: true },
    { name: "same", label: "Same batch again", value: 0, least: 0, most: 1, whole: true, check: true },
    { name: "rate", label: "Learning rate", value: 0.1, least: 1e-6, most: 100, from: 1e-3, to: 3, log: true, more: true },
    { name: "steps", label: "Steps", value: 150, least: 10, most: 20000, to: 1000, whole: true, log: true, more: true },
    { name: "copy", label: "Hold a copy from step", value: 100, least: 0, most: 19999, to: 1000, whole: true, more: true },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
    { name: "pace", label: "Live steps per second", value: 20, least: 1, most: 10000, from: 2, to: 200, whole: true, log: true, more: true },
  ], [
    { name: "run", label: "Run", press: run, main: true },
    { name: "live", label: "Go on, live", press: goOn },
  ], changed);
  const law = new Law(box);
  const parts = new Parts(trainer, law, draw);
  const { values } = panel;

  function draw() {
    const { losses, held_losses } = published;
    const any = parts.all.length;
    const shown = any ? parts.all : [{ from: 0, batch: 32, hold: false, same: false, y: losses }];
    const beside = any ? { from: parts.copied, y: parts.copy } : { from: 100, y: held_losses };
    const to = any ? Math.max(values.steps, parts.taken) : losses.length;
    chart.draw(drawing(shown, beside, Math.max(0, to - WINDOW), to));
    law.draw();
  }

  const overflow = () => panel.say(`At a rate of ${short(values.rate)} the loss overflowed after ${parts.taken} steps: it is no number any more. Choose a smaller rate.`);

  function ready() {
    if (!panel.ready()) return false;
    const early = values.copy < values.steps;
    if (!early) panel.say(`Hold the copy before the run ends: give a step below ${values.steps}.`);
    return early;
  }

  async function run() {
    if (!ready()) return;
    panel.busy(true);
    panel.say("Training …");
    const well = await parts.fresh(values);
    panel.busy(false);
    draw();
    if (!well) return overflow();
    const [learning, held] = law.points;
    const { all, copied, copy } = parts;
    if (!held) return panel.say(`${parts.taken} steps are done. Hold the copy earlier to measure the bounce.`);
    const same = alike(all[0].y.slice(copied), copy);
    const sum = `From step ${copied} on, the bounce is ${learning.bounce.toFixed(2)} nats while learning and ${held.bounce.toFixed(2)} with the parameters held; ${same} of ${copy.length - 1} changes go the same way.`;
    panel.say(`${sum}${panel.asPublished("hold", "same", "pace") ? ` ${parting()}` : ""}`);
  }

  function parting() {
    const pairs = [[parts.all[0].y, published.losses], [parts.copy, published.held_losses]];
    const apart = Math.max(...pairs.flatMap(([a, b]) => a.map((loss, i) => Math.abs(loss - b[i]))));
    return apart < PART ? "Each loss is PyTorch's, but for rounding." : `The losses are PyTorch's to within ${apart.toExponential(0)} nats.`;
  }

  /** Steps at a pace that eyes follow, from where the run before ended. */
  async function goOn() {
    if (!ready()) return;
    panel.busy(true);
    panel.say("Training …");
    if (!parts.has(values) && !(await parts.fresh(values))) {
      panel.busy(false);
      return overflow();
    }
    await parts.spread("one");
    live = true;
    parts.add(values);
    panel.say("Going on. Change the batch size, hold the parameters, or keep the batch.");
    const well = await parts.goOn(values, (added) => weigh(parts.last, added));
    live = false;
    panel.busy(false);
    if (!well) return overflow();
    panel.say(`Ended after ${parts.taken} steps.`);
  }

  /** Measure the bounce of the part that is going, and tell once what it is. */
  function weigh(/** @type {Part} */ { batch, hold, same, y }, /** @type {number} */ added) {
    if (y.length <= ENOUGH) return;
    const now = bounce(hold ? y : y.slice(-LATELY));
    if (!same) law.add({ batch, hold, bounce: now });
    // While learning, the parameters come to places with a spread of their own.
    if (!hold && y.length % LATELY < added) parts.spread("one");
    if (y.length <= SAID || y.length - added > SAID) return;
    const downs = y.filter((loss, i) => i > 0 && loss < y[i - 1]).length;
    if (!same) panel.say(`Batch ${batch}, ${hold ? "held" : "learning"}, ${y.length} steps: the bounce is ${now.toFixed(2)} nats. By the law it is ${law.at(batch).toFixed(2)}.`);
    else if (hold) panel.say("The same batch and the same parameters: the loss stays as it is.");
    else panel.say(`The same batch again: ${downs} of ${y.length - 1} steps lower its loss.`);
  }

  async function changed(/** @type {string} */ name) {
    const turned = ["hold", "same"].includes(name);
    if (!live && turned && values[name]) panel.say("Press Go on, live: its steps will be like that.");
    if (!live || !(turned || ["batch", "rate"].includes(name))) return;
    const next = await parts.change(values);
    if (name === "same") panel.say(next.same ? "The same batch again: the loss is one function of the parameters." : "A new batch at each step.");
    if (name !== "hold") return;
    panel.say(next.hold ? "Held: the trend goes, the bounce stays." : "Learning again.");
    if (next.hold) law.drop();
    await parts.spread("one");
  }

  function stop() {
    trainer.stop();
    live = false;
  }

  panel.endBy({ stop, forget: () => parts.forget(), draw });
  draw();
  return () => trainer.stop();
}
