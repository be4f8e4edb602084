// The learning rate, cut late or early: train, cut, and see what that brings and costs.

import { Chart } from "./chart.js";
import { Cuts, nth } from "./cuts.js";
import { drawing, parting } from "./fork.js";
import { Panel, short } from "./panel.js";
import { Trainer } from "./trainer.js";

const MARKS = 20; // losses over all examples in a run

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{smooth: number[]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 0.66);
  /** @returns {import("./fork.js").Run} */
  const none = () => ({ kept: [], lower: [], at: NaN });
  let mine = none();
  let live = false;

  const panel = new Panel(box, [
    { name: "cut", label: "Cut at step", value: 800, least: 0, most: 19999, to: 1000, whole: true },
    { name: "view", label: "Show", value: 0, least: 0, most: 1, choices: { 0: "the whole run", 1: "the fork" } },
    { name: "rate", label: "Learning rate", value: 0.2, least: 1e-6, most: 100, from: 1e-3, to: 3, log: true, more: true },
    { name: "divisor", label: "Divide it by", value: 10, least: 0.01, most: 1e6, from: 1, to: 100, log: true, more: true },
    { name: "batch", label: "Batch size", value: 32, least: 1, most: 4096, to: 512, whole: true, log: true, more: true },
    { name: "steps", label: "Steps", value: 1000, least: 20, most: 20000, from: 100, to: 5000, whole: true, log: true, more: true },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
    { name: "pace", label: "Live steps per second", value: 100, least: 1, most: 10000, from: 10, to: 1000, whole: true, log: true, more: true },
  ], [
    { name: "run", label: "Run", press: run, main: true },
    { name: "live", label: "Run live", press: runLive },
    { name: "cutNow", label: "Cut to a tenth now", press: cutNow },
  ], draw);
  const cuts = new Cuts(box);
  const { values } = panel;
  let used = { ...values }; // by the run that is drawn

  function draw() {
    if (!live) panel.allow({ cutNow: false });
    panel.buttons.cutNow.textContent = values.divisor === 10 ? "Cut to a tenth now" : "Cut the rate now";
    const end = Math.max(1000, values.steps);
    const { rate, divisor } = used;
    chart.draw(drawing(published.smooth, mine, { rate, divisor }, live ? mine.at : values.cut, values.view === 1, end));
    cuts.draw(end);
  }

  const order = (/** @type {string} */ name, /** @type {number} */ lr) => ({ run: name, lr, batchSize: used.batch });

  /**
   * @param {object[]} more orders besides that at the first rate
   * @param {number} [pace] of a live run, which is cut by hand
   */
  async function train(more, pace) {
    const { rate, steps, divisor, batch, seed } = used;
    live = Boolean(pace);
    mine = { ...none(), at: live ? NaN : values.cut };
    cuts.keep([rate, steps, divisor, batch, seed].join());
    panel.busy(true);
    panel.allow({ cutNow: live });
    panel.say(live ? "Training … Cut the rate when you think that it pays." : "Training …");
    draw();
    await trainer.begin();
    await trainer.ask("make", { name: "old", seed });
    let end = NaN; // the loss over all examples
    const { over } = await trainer.go([order("old", rate), ...more], steps, ({ losses, fulls }) => {
      mine.kept.push(...losses.old);
      mine.lower.push(...(losses.low ?? []));
      for (const [name, step, loss] of fulls) {
        if (name === "old") end = loss;
        else if (step === mine.at) cuts.begin(step);
        else cuts.add(step, end - loss);
      }
      draw();
    }, Math.max(1, Math.round(steps / MARKS)), pace);
    if (live && mine.at >= 0) panel.set("cut", mine.at);
    live = false;
    panel.busy(false);
    draw();
    if (over) panel.say(`At a rate of ${short(over === "old" ? rate : rate / divisor)} the loss overflowed after ${nth(mine.kept.length)} steps: it is no number any more. Choose a smaller rate.`);
    else if (mine.at >= 0) panel.say(`${cuts.verdict(steps, end)}${panel.asPublished("view", "pace") ? ` ${parting(published.smooth, mine)}` : ""}`);
    else panel.say(`Not cut: at step ${nth(steps)} the loss over all examples is ${end.toFixed(2)} nats. Run live again, and cut on the way.`);
  }

  function run() {
    if (!panel.ready()) return undefined;
    used = { ...values };
    const { cut, steps, rate, divisor } = values;
    if (cut < steps) return train([{ ...order("low", rate / divisor), from: "old", at: cut }]);
    return panel.say(`Cut before the run ends: give a step below ${nth(steps)}.`);
  }

  function runLive() {
    if (!panel.ready()) return undefined;
    used = { ...values };
    return train([], values.pace);
  }

  async function cutNow() {
    panel.allow({ cutNow: false });
    const step = await trainer.ask("join", { order: order("low", used.rate / used.divisor), from: "old" });
    if (step === undefined) return; // the run has just ended
    mine.at = step;
    panel.say(`Cut at step ${nth(step)}. Training goes on at both rates, on the same batches …`);
  }

  function stop() {
    trainer.stop();
    live = false;
  }

  function forget() {
    mine = none();
    cuts.clear();
  }

  chart.onDrag((step) => {
    if (live || values.view) return; // the fork would move with the line
    panel.set("cut", step);
    draw();
  });
  panel.endBy({ stop, forget, draw });
  draw();
  return () => trainer.stop();
}
