// What runs behind a notebook: it keeps what cells made until some cell makes it anew.

import { Trainer } from "./trainer.js";

/**
 * @typedef {object} Cell
 * @property {string} name
 * @property {string[]} code line by line
 * @property {("make" | "reseed" | "train")[]} does in this order
 */

/** @typedef {{seed: number, lr: number, steps: number, batch: number}} Settings */

const name = "one"; // the worker's run

export class Kernel {
  trainer = new Trainer();
  count = 0; // of executions
  /** The variables in memory. @type {Set<"g" | "params">} */
  holds = new Set();
  /** The loss of the model in memory. @type {number | undefined} */
  loss;
  /** The loss after each run of the training cell. @type {number[]} */
  losses = [];

  /** What is running is never told. */
  end() {
    this.trainer.stop();
  }

  /**
   * @param {Cell} cell
   * @param {Settings} settings
   * @returns {Promise<[boolean, string]>} whether it ran to its end, and its output
   */
  async execute({ does, code }, settings) {
    const { trainer, holds } = this;
    const { seed } = settings;
    this.count += 1;
    for (const step of does) {
      if (step === "make") {
        await trainer.ask("make", { name, seed });
        holds.add("g").add("params");
        this.loss = await trainer.ask("fullLoss", { name });
      } else if (step === "reseed") {
        holds.add("g");
        if (holds.has("params")) await trainer.ask("reseed", { name, seed });
      } else {
        if (!holds.has("g")) return [false, this.missing("g", code, "generator=g")];
        if (!holds.has("params")) return [false, this.missing("params", code, "loss_fn(params")];
        return this.train(settings);
      }
    }
    return [true, ""];
  }

  /**
   * As Python says that a variable isn't there.
   * @param {string} variable
   * @param {string[]} code
   * @param {string} use in the line that needs it
   */
  missing(variable, code, use) {
    const line = code.findIndex((each) => each.includes(use)) + 1;
    return `Cell In[${this.count}], line ${line}\nNameError: name '${variable}' is not defined`;
  }

  /**
   * @param {Settings} settings
   * @returns {Promise<[boolean, string]>}
   */
  async train({ lr, steps, batch }) {
    const { over } = await this.trainer.go([{ run: name, lr, batchSize: batch }], steps, () => {});
    const loss = Number(await this.trainer.ask("fullLoss", { name }));
    this.loss = loss;
    if (over || !Number.isFinite(loss)) {
      return [false, `At a rate of ${lr} the loss overflowed: it is no number any more. Choose a smaller rate, and initialise once more.`];
    }
    this.losses.push(loss);
    return [true, `loss on all names: ${loss.toFixed(4)}`];
  }
}
