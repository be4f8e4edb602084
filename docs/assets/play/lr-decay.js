// The learning rate, cut late or early: train, cut, and see what that brings and costs.

import { Chart } from "./chart.js";
import { Cuts, nth } from "./cuts.js";
import { Panel, short } from "./panel.js";
import { Trainer } from "./trainer.js";

const MEAN = 20; // batches
const MARKS = 20; // losses over all examples in a run
const PART = 1e-5; // nats: more than the published means lose in float32

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{smooth: number[]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage, 0.66);
  /** @type {number[]} batch losses at the first rate */
  let kept = [];
  /** @type {number[]} and those after the cut */
  let lower = [];
  let at = NaN; // the step of the cut
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
    { name: "stop", label: "Stop", press: stop },
    { name: "reset", label: "Reset", press: reset },
  ], draw);
  const cuts = new Cuts(box);
  const { values } = panel;
  let used = { ...values }; // by the run that is drawn

  /** Means of twenty batches, whose middles are not before step `from`. */
  function means(/** @type {number[]} */ losses, from = 0) {
    const first = Math.max(0, Math.ceil(from / MEAN - 0.5));
    const count = Math.max(0, Math.floor(losses.length / MEAN) - first);
    const y = Array.from({ length: count }, (_, i) => mean(losses.slice((first + i) * MEAN, (first + i + 1) * MEAN)));
    return { x: y.map((_, i) => (first + i + 0.5) * MEAN), y };
  }

  function draw() {
    const { cut, view } = values;
    const { rate, divisor } = used;
    panel.buttons.cutNow.textContent = values.divisor === 10 ? "Cut to a tenth now" : "Cut the rate now";
    const end = Math.max(1000, values.steps);
    const marked = live ? at : cut;
    const fork = at >= 0 ? at : marked;
    const from = view && fork >= 0 ? Math.max(0, fork - end / 10) : 0;
    const x = published.smooth.map((_, i) => (i + 0.5) * MEAN).filter((step) => step >= from);
    const all = { x, y: x.length ? published.smooth.slice(-x.length) : [] };
    const old = means(kept, from);
    const low = means([...kept.slice(0, at), ...lower], Math.max(from, at - 1.5 * MEAN));
    /** @type {import("./chart.js").Layer[]} */
    const layers = [{ kind: "line", color: 0, ...all, label: "published" }];
    if (kept.length) layers.push({ kind: "line", color: 2, dashed: true, ...old, label: `yours, at ${short(rate)}` });
    if (lower.length) layers.push({ kind: "line", color: 1, ...low, label: `yours, cut to ${short(rate / divisor)}` });
    // The whole run comes in from above: its first fifth would flatten all the rest.
    const first = from || end / 5;
    const seen = [all, old, low].flatMap(({ x, y }) => y.filter((loss, i) => x[i] >= first && Number.isFinite(loss)));
    const most = Math.max(...seen, from ? 0 : 4.75);
    const least = Math.min(from ? most - 0.1 : 1, ...seen);
    if (!Number.isNaN(marked)) {
      layers.push({ kind: "upright", color: 1, dotted: true, x: [marked], y: [0] });
      const late = marked > (from + end) / 2;
      const place = marked + ((late ? -1 : 1) * (end - from)) / 100;
      layers.push({ kind: "words", color: 1, x: [place], y: [least + (most - least) * 0.92], text: "the rate is cut", anchor: late ? "end" : "start" });
    }
    const told = (/** @type {number[]} */ y) => (y.length ? `from ${y[0].toFixed(2)} to ${y[y.length - 1].toFixed(2)} nats` : "none yet");
    chart.draw({
      title: "Cut the rate, and the loss drops at once",
      described: `Batch loss against the step, from ${from} to ${end}. Published, cut at step 800: ${told(all.y)}. Yours, at the old rate: ${told(old.y)}; cut: ${told(low.y)}.`,
      x: { label: "step", from, to: end },
      y: { label: "batch loss, mean of 20 (nats)", from: least - (from ? (most - least) * 0.1 : 0), to: most * 1.05 },
      layers,
    });
    cuts.draw(end);
  }

  const busy = (/** @type {boolean} */ on) => panel.allow({ run: !on, live: !on, cutNow: on && live, stop: on });
  const order = (/** @type {string} */ name, /** @type {number} */ lr) => ({ run: name, lr, batchSize: used.batch });

  /**
   * @param {object[]} more orders besides that at the first rate
   * @param {number} [pace] of a live run, which is cut by hand
   */
  async function train(more, pace) {
    const { rate, steps, divisor, batch, seed } = used;
    live = Boolean(pace);
    at = live ? NaN : values.cut;
    kept = [];
    lower = [];
    cuts.keep([rate, steps, divisor, batch, seed].join());
    busy(true);
    panel.say(live ? "Training … Cut the rate when you think that it pays." : "Training …");
    draw();
    await trainer.begin();
    await trainer.ask("make", { name: "old", seed });
    let end = NaN; // the loss over all examples
    const { over } = await trainer.go([order("old", rate), ...more], steps, ({ losses, fulls }) => {
      kept.push(...losses.old);
      lower.push(...(losses.low ?? []));
      for (const [name, step, loss] of fulls) {
        if (name === "old") end = loss;
        else if (step === at) cuts.begin(at);
        else cuts.add(step, end - loss);
      }
      draw();
    }, Math.max(1, Math.round(steps / MARKS)), pace);
    if (live && at >= 0) panel.set("cut", at);
    live = false;
    busy(false);
    draw();
    if (over) panel.say(`At a rate of ${short(over === "old" ? rate : rate / divisor)} the loss overflowed after ${nth(kept.length)} steps: it is no number any more. Choose a smaller rate.`);
    else if (at >= 0) panel.say(`${cuts.verdict(steps, end)}${asPublished() ? ` ${parting()}` : ""}`);
    else panel.say(`Not cut: at step ${nth(steps)} the loss over all examples is ${end.toFixed(2)} nats. Run live again, and cut on the way.`);
  }

  const asPublished = () =>
    panel.fields.every(({ name, value }) => ["view", "pace"].includes(name) || values[name] === value);

  /** Where this browser's means part from the published ones. */
  function parting() {
    const { y } = means([...kept.slice(0, at), ...lower]);
    const apart = y.map((loss, i) => Math.abs(loss - published.smooth[i]));
    const step = apart.findIndex((gap) => gap > PART) * MEAN;
    if (step < 0) return "Each mean is the published one, but for rounding.";
    return `Up to step ${nth(step)} each mean is the published one, but for rounding; then rounding grows, to ${Math.max(...apart).toFixed(6)} nats.`;
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
    at = step;
    panel.say(`Cut at step ${nth(at)}. Training goes on at both rates, on the same batches …`);
  }

  function stop() {
    trainer.stop();
    live = false;
    busy(false);
    panel.say("Stopped.");
    draw();
  }

  function reset() {
    stop();
    kept = [];
    lower = [];
    at = NaN;
    cuts.clear();
    panel.reset();
    panel.say("As published.");
    draw();
  }

  chart.onDrag((step) => {
    if (live || values.view) return; // the fork would move with the line
    panel.set("cut", step);
    draw();
  });
  busy(false);
  draw();
  return () => trainer.stop();
}

const mean = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
