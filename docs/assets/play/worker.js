// Trains beside the page, so that the page stays smooth. trainer.js sends it orders.

import { examples } from "./data.js";
import { Model } from "./model.js";
import { Generator } from "./random.js";

const SLICE = 25; // milliseconds of training between two reports

/**
 * A model that trains: its parameters, and the generator that draws its batches.
 * @typedef {object} Run
 * @property {Model} model
 * @property {Generator} g
 * @property {Int32Array} ix the last batch
 * @property {Float64Array} [full] the gradient over all examples, where it is known
 */

/**
 * What a run does at each step.
 * @typedef {object} Order
 * @property {string} run
 * @property {number | number[]} lr one learning rate, or one for each step
 * @property {number} batchSize 0: all examples
 * @property {boolean} [hold] keep the parameters, and only tell the loss
 * @property {boolean} [same] take the batch before once more
 * @property {string} [from] the run that this one forks from
 * @property {number} [at] the step before which it does
 */

/** @type {import("./data.js").Data} */
let data;
/** @type {Map<string, Run>} */
const runs = new Map();
/** @type {{orders: Order[], step: number, steps: number, full: number, pace: number, began: number} | null} */
let going = null;
const { port1: wake, port2: later } = new MessageChannel();

/** @param {string} name */
function run(name) {
  const found = runs.get(name);
  if (!found) throw new Error(`There is no run called ${name}.`);
  return found;
}

/** @type {Record<string, (order: any) => unknown>} */
const answers = {
  words({ words }) {
    data = examples(words);
    return { size: data.size, chars: data.chars };
  },

  /** Draw a model and go on drawing its batches from the same generator. */
  make({ name, seed, start, nudge }) {
    const g = new Generator(seed);
    const model = new Model(data).init(g, start);
    // The last bit of ten weights.
    for (let i = 0; nudge && i < 10; i++) model.params.W1[i] *= 1 + 2 ** -52;
    runs.set(name, { model, g, ix: new Int32Array(0) });
  },

  /** Batches as another seed gives them: the parameters stay. */
  reseed({ name, seed }) {
    run(name).g = new Generator(seed);
  },

  fork({ name, from }) {
    const { model, g, ix, full } = run(from);
    runs.set(name, { model: model.copy(), g: g.copy(), ix, full });
  },

  fullLoss({ name }) {
    return run(name).model.fullLoss();
  },

  /** The standard deviation of single examples' losses. */
  spread({ name }) {
    const { model } = run(name);
    model.fullLoss();
    return model.spread;
  },

  /** Probabilities (B, V) of a batch, and its examples. */
  probs({ name, count }) {
    const { model, g, ix: last } = run(name);
    const ix = count ? g.integers(data.size, count) : last;
    model.loss(ix);
    const { X, Y, context } = data;
    return {
      probs: model.probs.slice(0, ix.length * model.classes),
      X: Array.from(ix, (i) => [...X.subarray(i * context, (i + 1) * context)]),
      Y: Array.from(ix, (i) => Y[i]),
    };
  },

  /** Logits (B, V) of a batch that the run draws, or of all examples; and its labels. */
  logits({ name, count }) {
    const { model, g } = run(name);
    const all = count === data.size;
    const ix = all ? Int32Array.from(data.Y, (_, i) => i) : g.integers(data.size, count);
    model.loss(ix);
    model.logits(count);
    return { logits: model.probs.slice(0, count * model.classes), Y: ix.map((i) => data.Y[i]) };
  },

  /** How far gradients of batches reach along the full one and aside, in its lengths. */
  cloud({ name, batchSize, draws }) {
    const one = run(name);
    const { model, g } = one;
    if (!one.full) model.fullLoss(true);
    one.full ??= model.flat();
    const { full } = one;
    const length = norm(full);
    const along = [];
    const aside = [];
    for (let i = 0; i < draws; i++) {
      model.gradient(g.integers(data.size, batchSize));
      const mini = model.flat();
      const share = mini.reduce((sum, x, k) => sum + x * full[k], 0) / length ** 2;
      along.push(share);
      aside.push(norm(mini.map((x, k) => x - share * full[k])) / length);
    }
    return { along, aside };
  },

  /** Names that a model invents, character by character. */
  invent({ name, count }) {
    const { model, g } = run(name);
    return Array.from({ length: count }, () => invented(model, g));
  },

  /** Take steps with some of the runs side by side, and tell of them on the way. */
  go({ orders, steps, full, pace }) {
    going = { orders, step: 0, steps, full: full ?? 0, pace: pace ?? Infinity, began: performance.now() };
    later.postMessage(0);
  },

  change({ name, ...values }) {
    for (const order of going?.orders ?? []) if (order.run === name) Object.assign(order, values);
  },

  /** Let another run join, from where one of those that go is. */
  join({ order, from }) {
    going?.orders.push({ ...order, from, at: going.step });
    return going?.step;
  },
};

/** @param {Float64Array} x */
function norm(x) {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}

/**
 * @param {Model} model
 * @param {Generator} g
 */
function invented(model, g) {
  const ids = Array(data.context).fill(0);
  while (ids.length === data.context || ids[ids.length - 1] !== 0) {
    if (ids.length > 60) break; // of a model that never ends a word
    model.x.set(ids.slice(-data.context));
    model.logits(1);
    model.softmax(1);
    const at = Math.fround(g.uniform32());
    let next = 0;
    let sum = model.probs[0];
    while (sum < at && next < model.classes - 1) sum += model.probs[++next];
    ids.push(next);
  }
  const word = ids.slice(data.context).filter((id) => id !== 0);
  return word.map((id) => data.chars[id]).join("");
}

/**
 * One step of a run; its loss before the step.
 * @param {Order} order
 * @param {number} step
 */
function advance(order, step) {
  const one = run(order.run);
  if (!order.hold) one.full = undefined;
  const lr = Array.isArray(order.lr) ? order.lr[step] : order.lr;
  if (order.batchSize === 0) {
    const loss = one.model.fullLoss(true);
    if (!order.hold) one.model.descend(lr);
    return loss;
  }
  if (!order.same || one.ix.length !== order.batchSize) {
    one.ix = one.g.integers(data.size, order.batchSize);
  }
  return order.hold ? one.model.loss(one.ix) : one.model.step(one.ix, lr);
}

wake.onmessage = () => {
  if (!going) return;
  const { orders, steps, full, pace, began } = going;
  const first = going.step;
  /** @type {Record<string, number[]>} */
  const losses = Object.fromEntries(orders.map((order) => [order.run, []]));
  /** @type {[string, number, number][]} */
  const fulls = [];
  const until = performance.now() + SLICE;
  const due = Math.min(steps, Math.ceil(((until - began) / 1000) * pace));
  /** @type {string | undefined} */
  let over;
  while (going.step < due && performance.now() < until && !over) {
    const { step } = going;
    for (const { run: name, from, at } of orders) {
      if (from === undefined || at !== step) continue;
      answers.fork({ name, from });
      fulls.push([name, step, run(name).model.fullLoss()]);
    }
    const there = orders.filter(({ at }) => (at ?? 0) <= step);
    for (const order of there) {
      const loss = advance(order, step);
      losses[order.run].push(loss);
      if (!Number.isFinite(loss)) over = order.run;
    }
    going.step += 1;
    if (full && (going.step % full === 0 || going.step === steps)) {
      for (const { run: name } of there) fulls.push([name, going.step, run(name).model.fullLoss()]);
    }
  }
  const ended = going.step >= steps || over !== undefined;
  if (ended || going.step > first) postMessage({ first, losses, fulls, ended, over });
  if (ended) going = null;
  else if (pace < Infinity) setTimeout(() => later.postMessage(0), SLICE);
  else later.postMessage(0);
};

self.onmessage = ({ data: order }) => {
  try {
    postMessage({ id: order.id, answer: answers[order.what](order) });
  } catch (error) {
    postMessage({ id: order.id, problem: error instanceof Error ? error.message : `${error}` });
  }
};
