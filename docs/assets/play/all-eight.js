// All eight notes in one run: train on the reader's own words, then invent new ones.

import { Chart } from "./chart.js";
import { Panel, short } from "./panel.js";
import { Trainer, words } from "./trainer.js";

const LEFT_OUT = { 0: "nothing", 1: "small first weights", 2: "the trench", 3: "decay", 4: "mini-batches" };
const ROWS = { 0: 0, 1: 2, 2: 6, 3: 7, 4: 5 }; // of the published figure
const COUNT = 12; // names at a time
const WINDOW = 50; // batches to a point of the curve

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{ends: number[][], guess: number, pieces: string[]}} published
 */
export function play(stage, box, published) {
  const trainer = new Trainer();
  const chart = new Chart(stage);
  /** @type {{row: number, loss: number}[]} */
  let mine = [];
  /** @type {string[]} */
  let own = []; // none: the notes' colour names
  let asPublished = true; // whether the model is the page's own

  const panel = new Panel(box, [
    { name: "without", label: "Leave out", value: 0, least: 0, most: 4, whole: true, choices: LEFT_OUT },
    { name: "steps", label: "Steps", value: 3000, least: 50, most: 50000, from: 300, to: 10000, whole: true, log: true },
    { name: "rate", label: "Learning rate", value: 0.3, least: 1e-6, most: 100, from: 0.01, to: 1, log: true, more: true },
    { name: "batch", label: "Batch size", value: 32, least: 1, most: 4096, to: 512, whole: true, log: true, more: true },
    { name: "seed", label: "Seed", value: 0, least: 0, most: 4294967295, to: 99, whole: true, more: true },
  ], [
    { name: "train", label: "Train", press: train, main: true },
    { name: "invent", label: "Invent names", press: invent },
    { name: "stop", label: "Stop", press: stop },
    { name: "reset", label: "Reset", press: reset },
  ]);
  const label = document.createElement("label");
  label.className = "play-words";
  label.textContent = "Your own words, with commas or line ends between them. Empty: the colour names.";
  const area = document.createElement("textarea");
  area.rows = 3;
  area.spellcheck = false;
  label.append(area);
  panel.form.prepend(label);
  const names = document.createElement("p");
  names.className = "play-names";
  names.setAttribute("aria-live", "polite");
  box.append(names);
  const curve = new Chart(box, 0.5);

  function draw() {
    const rows = published.pieces.map((_, row) => row);
    /** @type {import("./chart.js").Layer[]} */
    const layers = published.ends.map((ends, row) => ({
      kind: "dots", color: row ? 1 : 0, thin: true, x: ends, y: ends.map(() => row),
      label: row > 1 ? undefined : ["published, with all pieces", "with one left out"][row],
    }));
    layers.push({ kind: "upright", color: 5, dashed: true, x: [published.guess], y: [0], label: "a uniform guess" });
    const inside = mine.map(({ row, loss }) => ({ row, loss: Math.min(loss, 5.8) }));
    layers.push({ kind: "dots", color: 2, x: inside.map((dot) => dot.loss), y: inside.map((dot) => dot.row), label: mine.length ? "yours" : undefined });
    chart.draw({
      title: "Each piece that is left out costs",
      described: published.pieces.map((piece, row) => `${row ? `Without ${piece}` : "All pieces"}: ${mean(published.ends[row]).toFixed(2)} nats.`).join(" "),
      x: { label: "loss on all names at the end (nats)", from: 0.5, to: 6 },
      y: { label: "", from: 7.6, to: -0.6, ticks: rows, format: (row) => (row ? `without ${published.pieces[row]}` : "all pieces") },
      left: 178,
      layers,
    });
  }

  const busy = (/** @type {boolean} */ on) =>
    panel.allow({ train: !on, invent: !on && trainer.worker !== undefined, stop: on });

  /** The reader's words: what stands between commas or line ends. */
  const typed = () => area.value.split(/[,\n]/).map((word) => word.trim()).filter(Boolean);

  async function train() {
    if (!panel.ready()) return;
    const { without, steps, rate, batch, seed } = panel.values;
    busy(true);
    panel.say("Training …");
    own = typed();
    /** @type {{size: number, chars: string[]}} */
    let about;
    try {
      about = await trainer.begin(area.value.trim() ? own : undefined);
    } catch (problem) {
      trainer.stop();
      busy(false);
      panel.say(`These words can't be trained on. ${problem instanceof Error ? problem.message : problem}`);
      area.focus();
      return;
    }
    await trainer.ask("make", { name: "one", seed, start: without === 1 ? "standard" : "scaled" });
    const all = without === 4;
    const taken = all ? Math.max(1, Math.floor((steps * batch) / about.size) + 1) : steps;
    const lr = Array.from({ length: taken }, (_, step) => {
      const slow = without === 2 ? rate / 10 : rate;
      return step < 0.75 * taken || without === 3 || all ? slow : slow / 10;
    });
    /** @type {number[]} */
    const losses = [];
    const { over } = await trainer.go([{ run: "one", lr, batchSize: all ? 0 : batch }], taken, (report) => {
      losses.push(...report.losses.one);
      show(losses, taken, about.chars.length);
    });
    const loss = await trainer.ask("fullLoss", { name: "one" });
    if (over || !Number.isFinite(loss)) {
      trainer.stop();
      busy(false);
      panel.say(`After ${losses.length} steps the loss overflowed: it is no number any more. Choose a smaller learning rate.`);
      return;
    }
    busy(false);
    if (!own.length) mine = [...mine.filter((dot) => dot.row !== ROWS[/** @type {0} */ (without)]), { row: ROWS[/** @type {0} */ (without)], loss }];
    asPublished = !own.length && panel.fields.every(({ name, value }) => panel.values[name] === value);
    draw();
    const whose = own.length ? "your words" : "all names";
    const same = asPublished ? " It is the page's own run: invent, and you get the page's names." : "";
    panel.say(`${taken} steps end at ${loss.toFixed(2)} nats on ${whose}; a uniform guess has ${Math.log(about.chars.length).toFixed(2)}.${same}`);
  }

  /**
   * @param {number[]} losses
   * @param {number} steps
   * @param {number} classes
   */
  function show(losses, steps, classes) {
    const x = [];
    const y = [];
    const window = Math.max(1, Math.min(WINDOW, Math.floor(steps / 10)));
    for (let at = 0; at + window <= losses.length; at += window) {
      x.push(at + window / 2);
      y.push(mean(losses.slice(at, at + window)));
    }
    curve.draw({
      title: "Your run",
      described: `Batch loss over ${losses.length} steps, now ${short(y[y.length - 1] ?? losses[0])} nats.`,
      x: { label: "step", from: 0, to: steps },
      y: { label: "loss (nats)", from: 0, to: Math.max(4, ...y.filter((value) => value < 40)) },
      layers: [
        { kind: "line", color: 2, x, y, label: `mean of ${window} batches` },
        { kind: "level", color: 5, dashed: true, x: [0], y: [Math.log(classes)], label: "a uniform guess" },
      ],
    });
  }

  async function invent() {
    const given = own.length ? own : await words();
    /** @type {string[]} */
    const made = await trainer.ask("invent", { name: "one", count: COUNT });
    const known = new Set(given);
    names.replaceChildren(...made.map((name) => {
      const one = document.createElement("span");
      one.textContent = known.has(name) ? `${name} (in the list)` : name || "(an empty name)";
      return one;
    }));
    const many = made.filter((name) => known.has(name)).length;
    panel.say(`${COUNT} names, ${many} of them in the list. Press again for others.`);
  }

  function stop() {
    trainer.stop();
    busy(false);
    panel.say("Stopped.");
  }

  function reset() {
    trainer.stop();
    mine = [];
    own = [];
    area.value = "";
    names.replaceChildren();
    curve.clear();
    panel.reset();
    busy(false);
    panel.say("As published.");
    draw();
  }

  busy(false);
  draw();
  return () => trainer.stop();
}

const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
