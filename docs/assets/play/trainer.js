// A figure's training: a worker of its own, started when something is asked of it.

/**
 * What the worker tells on the way.
 * @typedef {object} Report
 * @property {number} first the step of the first loss
 * @property {Record<string, number[]>} losses each run's, before each step
 * @property {[string, number, number][]} fulls run, steps taken, loss over all examples
 * @property {boolean} ended
 * @property {string} [over] the run whose loss is no number any more
 */

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** @type {Promise<string[]> | undefined} */
let listed;

/** The colour names that the notes use. */
export function words() {
  listed ??= fetch(new URL("words.json", import.meta.url)).then((answer) => answer.json()).catch(() => {
    listed = undefined;
    throw new Error("The colour names could not be fetched.");
  });
  return listed;
}

export class Trainer {
  /** @type {Worker | undefined} */
  worker;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  waiting = new Map();
  id = 0;
  /** @type {((report: Report) => void) | undefined} */
  told;

  /**
   * Ask the worker for something, by the name of its answer.
   * @param {string} what
   * @param {object} [about]
   * @returns {Promise<any>}
   */
  async ask(what, about = {}) {
    if (!this.worker) await this.begin();
    return this.send(what, about);
  }

  /**
   * @param {string} what
   * @param {object} about
   */
  send(what, about) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.id, { resolve, reject });
      this.worker?.postMessage({ id: this.id, what, ...about });
    });
  }

  /**
   * Start a worker, and give it words.
   * @param {string[]} [own] the reader's, in place of the notes'
   */
  async begin(own) {
    this.stop();
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker = worker;
    worker.onmessage = ({ data }) => this.receive(data);
    const failed = new Promise((_, reject) => {
      worker.onerror = () => reject(new Error("The training could not be started."));
    });
    try {
      const given = own ?? (await Promise.race([words(), failed]));
      return await Promise.race([this.send("words", { words: given }), failed]);
    } catch (problem) {
      if (this.worker === worker) this.stop();
      throw problem;
    }
  }

  /** @param {any} message */
  receive(message) {
    if (message.id === undefined) {
      this.told?.(message);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.problem) waiting?.reject(new Error(message.problem));
    else waiting?.resolve(message.answer);
  }

  /**
   * Let runs take steps side by side; resolves once they have, or one has overflown.
   *
   * Where the reader asks for little motion, all is told at the end, but at a pace.
   * @param {object[]} orders see worker.js
   * @param {number} steps
   * @param {(report: Report) => void} told
   * @param {number} [full] the loss over all examples after each so many steps
   * @param {number} [pace] steps a second at most
   * @returns {Promise<Report>} the last report
   */
  go(orders, steps, told, full, pace) {
    return new Promise((resolve, reject) => {
      /** @type {Report[]} */
      const kept = [];
      this.told = (report) => {
        kept.push(report);
        if (!still.matches || pace || report.ended) kept.splice(0).forEach(told);
        if (report.ended) resolve(report);
      };
      this.ask("go", { orders, steps, full, pace }).catch(reject);
    });
  }

  /** End the worker at once: what it was doing is never told. */
  stop() {
    this.worker?.terminate();
    this.worker = undefined;
    this.waiting.clear();
    this.told = undefined;
  }
}
