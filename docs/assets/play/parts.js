// A run that goes on in parts, each at its own settings, and a copy that is held beside.

import { bounce } from "./bounce.js";

const LONGEST = 100_000; // steps of a live run

/** @typedef {import("./losses.js").Part} Part */
/** @typedef {Record<string, number>} Values */

const settings = (/** @type {Values} */ { rate, steps, copy, seed }) => [rate, steps, copy, seed].join();

export class Parts {
  /** @type {Part[]} what was trained, or held, in turn */
  all = [];
  /** @type {number[]} losses of the copy that is held */
  copy = [];
  copied = 0; // the step at which it was made
  trained = ""; // the settings of the run that the worker has

  /**
   * @param {import("./trainer.js").Trainer} trainer
   * @param {import("./bounce.js").Law} law beside which the bounce is drawn
   * @param {() => void} draw
   */
  constructor(trainer, law, draw) {
    this.trainer = trainer;
    this.law = law;
    this.draw = draw;
  }

  get taken() {
    return this.all.reduce((sum, { y }) => sum + y.length, 0);
  }

  get last() {
    return this.all[this.all.length - 1];
  }

  forget() {
    this.all = [];
    this.copy = [];
    this.law.clear();
  }

  /** Whether the worker has a run with such settings, to go on from. */
  has(/** @type {Values} */ values) {
    return Boolean(this.trainer.worker && this.trained === settings(values) && this.all.length);
  }

  /** How far single examples' losses are spread: the law goes by that. */
  async spread(/** @type {string} */ name) {
    this.law.spread = await this.trainer.ask("spread", { name });
  }

  /** Train from the start, and hold a copy from some step on; whether all went well. */
  async fresh(/** @type {Values} */ values) {
    const { steps, seed, batch, rate, copy } = values;
    this.forget();
    this.trained = "";
    this.copied = copy;
    this.all = [{ from: 0, batch, hold: false, same: false, y: [] }];
    await this.trainer.begin();
    await this.trainer.ask("make", { name: "one", seed });
    const plain = { run: "one", lr: rate, batchSize: batch };
    const beside = { ...plain, run: "copy", hold: true, from: "one", at: copy };
    const { over } = await this.trainer.go([plain, beside], steps, ({ losses }) => {
      this.last.y.push(...losses.one);
      this.copy.push(...losses.copy);
      this.draw();
    });
    if (over) return false;
    this.trained = settings(values);
    if (this.copy.length <= 2) return true;
    await this.spread("copy");
    this.law.add({ batch, hold: false, bounce: bounce(this.all[0].y.slice(copy)) });
    this.law.add({ batch, hold: true, bounce: bounce(this.copy) });
    this.draw();
    return true;
  }

  /** A part with such settings, from the last step on, in place of one without steps. */
  add(/** @type {Values} */ { batch, hold, same }) {
    const part = { from: this.taken, batch, hold: hold === 1, same: same === 1, y: [] };
    if (this.all.length && !this.last.y.length) this.all.pop();
    this.all.push(part);
    return part;
  }

  /**
   * Steps at a pace that eyes follow; whether all went well.
   * @param {Values} values
   * @param {(added: number) => void} told
   */
  async goOn(values, told) {
    const { batch, hold, same } = this.last;
    const order = { run: "one", lr: values.rate, batchSize: batch, hold, same };
    const { over } = await this.trainer.go([order], LONGEST, ({ losses }) => {
      this.last.y.push(...losses.one);
      told(losses.one.length);
      this.draw();
    }, 0, values.pace);
    this.trained = "";
    return !over;
  }

  /** Give the steps that follow other settings. */
  async change(/** @type {Values} */ values) {
    const now = { ...values }; // they may change again before the worker has them
    await this.trainer.ask("change", { name: "one", lr: now.rate, batchSize: now.batch, hold: now.hold === 1, same: now.same === 1 });
    return this.add(now);
  }
}
