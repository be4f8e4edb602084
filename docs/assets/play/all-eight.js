// All eight notes in one run: train on the reader's own words, then invent new ones.

import { Chart } from "./chart.js";
import { Panel, short } from "./panel.js";
import { drawing, runDrawing } from "./pieces.js";
import { Trainer, words } from "./trainer.js";

const LEFT_OUT = { 0: "nothing", 1: "small first weights", 2: "the trench", 3: "decay", 4: "mini-batches" };
const ROWS = { 0: 0, 1: 2, 2: 6, 3: 7, 4: 5 }; // of the published figure
const COUNT = 12; // names at a time

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
    if (!trainer.worker) panel.allow({ invent: false });
    chart.draw(drawing(published, mine));
  }

  /** The reader's words: what stands between commas or line ends. */
  const typed = () => area.value.split(/[,\n]/).map((word) => word.trim()).filter(Boolean);

  async function train() {
    if (!panel.ready()) return;
    const { without, steps, rate, batch, seed } = panel.values;
    panel.busy(true);
    panel.say("Training …");
    own = typed();
    /** @type {{size: number, chars: string[]}} */
    let about;
    try {
      about = await trainer.begin(area.value.trim() ? own : undefined);
    } catch (problem) {
      trainer.stop();
      panel.busy(false);
      draw();
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
      curve.draw(runDrawing(losses, taken, about.chars.length));
    });
    const loss = await trainer.ask("fullLoss", { name: "one" });
    if (over || !Number.isFinite(loss)) {
      trainer.stop();
      panel.busy(false);
      draw();
      panel.say(`After ${losses.length} steps the loss overflowed: it is no number any more. Choose a smaller learning rate.`);
      return;
    }
    panel.busy(false);
    if (!own.length) mine = [...mine.filter((dot) => dot.row !== ROWS[/** @type {0} */ (without)]), { row: ROWS[/** @type {0} */ (without)], loss }];
    asPublished = !own.length && panel.asPublished();
    draw();
    const whose = own.length ? "your words" : "all names";
    const same = asPublished ? " It is the page's own run: invent, and you get the page's names." : "";
    panel.say(`${taken} steps end at ${loss.toFixed(2)} nats on ${whose}; a uniform guess has ${Math.log(about.chars.length).toFixed(2)}.${same}`);
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

  function forget() {
    mine = [];
    own = [];
    area.value = "";
    names.replaceChildren();
    curve.clear();
  }

  panel.endBy({ stop: () => trainer.stop(), forget, draw });
  draw();
  return () => trainer.stop();
}
