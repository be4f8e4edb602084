// The clouds of mini-batch gradients: a worker draws them, some at a time.

import { SIZES } from "./cloud.js";

const AT_A_TIME = 10; // gradients between two drawings
const EARLY = 32; // batch size of the training before

/** @typedef {import("./cloud.js").Cloud} Cloud */

export class Clouds {
  /** @type {Cloud[]} at the page's batch sizes */
  all;
  /** @type {Cloud | undefined} the reader's */
  own;
  size = 0; // N, the number of examples
  placed = ""; // the settings of the parameters that the worker has
  wish = 0; // the number of the last own cloud that was asked for

  /**
   * @param {import("./trainer.js").Trainer} trainer
   * @param {Cloud[]} known those published
   * @param {() => void} draw
   */
  constructor(trainer, known, draw) {
    this.trainer = trainer;
    this.known = known;
    this.all = known;
    this.draw = draw;
  }

  forget() {
    this.all = this.known;
    this.own = undefined;
  }

  /**
   * Bring the parameters about at which all begins.
   * @param {Record<string, number>} values
   * @returns {Promise<boolean>} whether they are there: the training before may overflow
   */
  async begin({ seed, before, rate }) {
    const settings = [seed, before, before && rate].join();
    if (this.trainer.worker && this.placed === settings) return true;
    this.placed = "";
    ({ size: this.size } = await this.trainer.begin());
    await this.trainer.ask("make", { name: "start", seed });
    const order = { run: "start", lr: rate, batchSize: EARLY };
    const { over } = before ? await this.trainer.go([order], before, () => {}) : { over: undefined };
    if (!over) this.placed = settings;
    return !over;
  }

  /** New clouds at the page's batch sizes, with so many gradients each. */
  async fillAll(/** @type {number} */ draws) {
    await this.trainer.ask("fork", { name: "page", from: "start" });
    this.all = [];
    for (const batch of SIZES) {
      const cloud = { batch, aside: [], along: [] };
      this.all.push(cloud);
      await this.fill("page", cloud, draws, () => true);
    }
  }

  /**
   * The cloud at the reader's batch size.
   * @param {number} batch
   * @param {number} draws
   * @param {() => boolean} wanted
   */
  async fillOwn(batch, draws, wanted) {
    await this.trainer.ask("fork", { name: "own", from: "start" });
    if (!wanted()) return;
    this.own = { batch, aside: [], along: [] };
    await this.fill("own", this.own, draws, wanted);
  }

  /**
   * Gradients of batches, some at a time, until there are enough or they aren't wanted.
   * @param {string} name
   * @param {Cloud} cloud
   * @param {number} draws
   * @param {() => boolean} wanted
   */
  async fill(name, cloud, draws, wanted) {
    while (cloud.aside.length < draws && wanted()) {
      const some = Math.min(AT_A_TIME, draws - cloud.aside.length);
      const { aside, along } = await this.trainer.ask("cloud", { name, batchSize: cloud.batch, draws: some });
      cloud.aside.push(...aside);
      cloud.along.push(...along);
      this.draw();
    }
  }

  /** How far a dot is from the published one, at most. */
  apart() {
    const { all, known } = this;
    return Math.max(...all.flatMap(({ aside, along }, i) =>
      aside.flatMap((x, k) => [Math.abs(x - known[i].aside[k]), Math.abs(along[k] - known[i].along[k])])));
  }
}
