// The notes' network, its loss and its gradient, in float64 as on the pages.
//
// As PyTorch computes them but for rounding: sums are added up in another order.

import { Generator } from "./random.js";

const EMBEDDING = 10;
const HIDDEN = 200;
const PART = 256; // rows at a time where all examples go through

/** @typedef {import("./data.js").Data} Data */
/** @typedef {{C: Float64Array, W1: Float64Array, b1: Float64Array, W2: Float64Array, b2: Float64Array}} Tensors */

export class Model {
  /** @param {Data} data */
  constructor(data) {
    this.data = data;
    this.classes = data.chars.length; // V
    this.inputs = data.context * EMBEDDING; // 30
    const shapes = this.shapes();
    /** @type {Tensors} */
    this.params = tensors(shapes);
    /** @type {Tensors} */
    this.grads = tensors(shapes);
    this.room(32);
  }

  shapes() {
    const { classes: V, inputs } = this;
    return { C: V * EMBEDDING, W1: inputs * HIDDEN, b1: HIDDEN, W2: HIDDEN * V, b2: V };
  }

  /**
   * Draw the parameters from a standard normal.
   * @param {Generator} g
   * @param {"standard" | "scaled"} start "scaled": of the size that training wants
   */
  init(g, start = "standard") {
    const { params } = this;
    for (const [name, size] of Object.entries(this.shapes())) {
      params[/** @type {keyof Tensors} */ (name)] = g.normal(size);
    }
    if (start === "scaled") {
      const gain = 5 / 3;
      const root = this.inputs ** 0.5;
      params.W1.forEach((w, i) => (params.W1[i] = (w * gain) / root));
      params.W2.forEach((w, i) => (params.W2[i] = w * 0.01));
      params.b1.fill(0);
      params.b2.fill(0);
    }
    return this;
  }

  /** Another model with the same parameters. */
  copy() {
    const made = new Model(this.data);
    for (const [name, values] of Object.entries(this.params)) {
      made.params[/** @type {keyof Tensors} */ (name)].set(values);
    }
    return made;
  }

  /**
   * Make room for what a batch gives on its way.
   * @param {number} batchSize
   */
  room(batchSize) {
    if (this.rows >= batchSize) return;
    this.rows = batchSize;
    this.x = new Int32Array(batchSize * this.data.context);
    this.emb = new Float64Array(batchSize * this.inputs);
    this.h = new Float64Array(batchSize * HIDDEN);
    this.probs = new Float64Array(batchSize * this.classes);
    this.dEmb = new Float64Array(batchSize * this.inputs);
    this.dH = new Float64Array(batchSize * HIDDEN);
  }

  spread = 0;
  rows = 0;
  x = new Int32Array(0);
  emb = new Float64Array(0); // (B, 30)
  h = new Float64Array(0); // (B, 200)
  probs = new Float64Array(0); // (B, V): logits at first
  dEmb = new Float64Array(0); // (B, 30)
  dH = new Float64Array(0); // (B, 200)

  /**
   * Logits (B, V) for the first `count` rows of `x`, in `probs`.
   * @param {number} count
   */
  logits(count) {
    const { params, emb, h, probs, x, inputs, classes: V } = this;
    const context = this.data.context;
    for (let i = 0; i < count * context; i++) {
      const row = x[i] * EMBEDDING;
      for (let k = 0; k < EMBEDDING; k++) emb[i * EMBEDDING + k] = params.C[row + k];
    }
    for (let i = 0; i < count; i++) h.set(params.b1, i * HIDDEN);
    addProduct(h, emb, params.W1, count, inputs, HIDDEN);
    for (let i = 0; i < count * HIDDEN; i++) h[i] = Math.tanh(h[i]);
    for (let i = 0; i < count; i++) probs.set(params.b2, i * V);
    addProduct(probs, h, params.W2, count, HIDDEN, V);
  }

  /**
   * The probabilities (B, V) after the logits, and the logarithm of each row's sum.
   * @param {number} count
   */
  softmax(count) {
    const { probs, classes: V } = this;
    const logSums = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      let most = -Infinity;
      for (let j = i * V; j < (i + 1) * V; j++) if (probs[j] > most) most = probs[j];
      let sum = 0;
      for (let j = i * V; j < (i + 1) * V; j++) sum += Math.exp(probs[j] - most);
      logSums[i] = most + Math.log(sum);
      for (let j = i * V; j < (i + 1) * V; j++) probs[j] = Math.exp(probs[j] - logSums[i]);
    }
    return logSums;
  }

  /**
   * The mean loss of a batch in nats; `probs` then holds its probabilities.
   * @param {ArrayLike<number>} ix the examples' numbers
   */
  loss(ix) {
    const count = ix.length;
    const { X, Y, context } = this.data;
    this.room(count);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < context; k++) this.x[i * context + k] = X[ix[i] * context + k];
    }
    this.logits(count);
    let sum = 0;
    for (let i = 0; i < count; i++) sum -= this.probs[i * this.classes + Y[ix[i]]];
    for (const logSum of this.softmax(count)) sum += logSum;
    return sum / count;
  }

  /**
   * The loss of a batch; `grads` then holds the gradient.
   * @param {ArrayLike<number>} ix
   */
  gradient(ix) {
    const loss = this.loss(ix);
    const { probs, classes: V } = this;
    for (let i = 0; i < ix.length; i++) probs[i * V + this.data.Y[ix[i]]] -= 1;
    for (let i = 0; i < ix.length * V; i++) probs[i] /= ix.length;
    for (const grad of Object.values(this.grads)) grad.fill(0);
    this.back(ix.length);
    return loss;
  }

  /**
   * Add the gradient to `grads`, from that by the logits in `probs`.
   * @param {number} count
   */
  back(count) {
    const { params, grads, emb, h, probs, dEmb, dH, x, inputs, classes: V } = this;
    addTransposed(grads.W2, h, probs, count, HIDDEN, V);
    addRows(grads.b2, probs, count);
    timesTransposed(dH, probs, params.W2, count, V, HIDDEN);
    for (let i = 0; i < count * HIDDEN; i++) dH[i] *= 1 - h[i] * h[i];
    addTransposed(grads.W1, emb, dH, count, inputs, HIDDEN);
    addRows(grads.b1, dH, count);
    timesTransposed(dEmb, dH, params.W1, count, HIDDEN, inputs);
    for (let i = 0; i < count * this.data.context; i++) {
      const row = x[i] * EMBEDDING;
      for (let k = 0; k < EMBEDDING; k++) grads.C[row + k] += dEmb[i * EMBEDDING + k];
    }
  }

  /**
   * Move the parameters against the gradient.
   * @param {number} lr the learning rate
   */
  descend(lr) {
    for (const [name, values] of Object.entries(this.params)) {
      const grad = this.grads[/** @type {keyof Tensors} */ (name)];
      for (let i = 0; i < values.length; i++) values[i] -= lr * grad[i];
    }
  }

  /**
   * One step of gradient descent; the loss before it.
   * @param {ArrayLike<number>} ix
   * @param {number} lr
   */
  step(ix, lr) {
    const loss = this.gradient(ix);
    this.descend(lr);
    return loss;
  }

  /**
   * The loss over all examples; with `back`, `grads` then holds its gradient. `spread`
   * holds the standard deviation of single examples' losses.
   *
   * Each different context goes through once, with the counts of what follows it.
   */
  fullLoss(back = false) {
    const { data, classes: V } = this;
    const { kinds, contexts, pairs, context } = data;
    this.room(Math.min(kinds, PART));
    if (back) for (const grad of Object.values(this.grads)) grad.fill(0);
    const after = new Float64Array(kinds * V); // how often each character follows
    for (let p = 0; p < pairs.length; p += 3) after[pairs[p] * V + pairs[p + 1]] = pairs[p + 2];
    let sum = 0;
    let squares = 0;
    for (let from = 0; from < kinds; from += PART) {
      const count = Math.min(PART, kinds - from);
      this.x.set(contexts.subarray(from * context, (from + count) * context));
      this.logits(count);
      const logits = this.probs.slice(0, count * V);
      const logSums = this.softmax(count);
      for (let i = 0; i < count; i++) {
        let times = 0;
        for (let j = 0; j < V; j++) {
          const n = after[(from + i) * V + j];
          times += n;
          if (n === 0) continue;
          const loss = logSums[i] - logits[i * V + j];
          sum += n * loss;
          squares += n * loss ** 2;
        }
        for (let j = 0; back && j < V; j++) {
          const n = after[(from + i) * V + j];
          this.probs[i * V + j] = (times * this.probs[i * V + j] - n) / data.size;
        }
      }
      if (back) this.back(count);
    }
    this.spread = Math.sqrt(Math.max(0, squares / data.size - (sum / data.size) ** 2));
    return sum / data.size;
  }

  /** The gradient as one vector, (12530,) for the notes' words. */
  flat() {
    const parts = Object.values(this.grads);
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    return all;
  }
}

/**
 * @param {Record<keyof Tensors, number>} shapes
 * @returns {Tensors}
 */
function tensors(shapes) {
  const made = Object.entries(shapes).map(([name, size]) => [name, new Float64Array(size)]);
  return Object.fromEntries(made);
}

// The three products take two rows by four at a time: fewer loads and stores for as many
// sums. What is left over goes one by one.

/**
 * out (rows, cols) += a (rows, inner) @ w (inner, cols).
 * @param {Float64Array} out
 * @param {Float64Array} a
 * @param {Float64Array} w
 * @param {number} rows
 * @param {number} inner
 * @param {number} cols
 */
function addProduct(out, a, w, rows, inner, cols) {
  const evenRows = rows - (rows % 2);
  const evenInner = inner - (inner % 4);
  for (let i = 0; i < evenRows; i += 2) {
    const to = i * cols, next = to + cols;
    for (let k = 0; k < evenInner; k += 4) {
      const at = i * inner + k, under = at + inner;
      const a0 = a[at], a1 = a[at + 1], a2 = a[at + 2], a3 = a[at + 3];
      const b0 = a[under], b1 = a[under + 1], b2 = a[under + 2], b3 = a[under + 3];
      const w0 = k * cols, w1 = w0 + cols, w2 = w1 + cols, w3 = w2 + cols;
      for (let j = 0; j < cols; j++) {
        const x0 = w[w0 + j], x1 = w[w1 + j], x2 = w[w2 + j], x3 = w[w3 + j];
        out[to + j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3;
        out[next + j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3;
      }
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let k = i < evenRows ? evenInner : 0; k < inner; k++) {
      const by = a[i * inner + k];
      for (let j = 0; j < cols; j++) out[i * cols + j] += by * w[k * cols + j];
    }
  }
}

/**
 * out (inner, cols) += a (rows, inner) transposed @ d (rows, cols).
 * @param {Float64Array} out
 * @param {Float64Array} a
 * @param {Float64Array} d
 * @param {number} rows
 * @param {number} inner
 * @param {number} cols
 */
function addTransposed(out, a, d, rows, inner, cols) {
  const evenRows = rows - (rows % 4);
  const evenInner = inner - (inner % 2);
  for (let i = 0; i < evenRows; i += 4) {
    const d0 = i * cols, d1 = d0 + cols, d2 = d1 + cols, d3 = d2 + cols;
    for (let k = 0; k < evenInner; k += 2) {
      const r0 = i * inner + k, r1 = r0 + inner, r2 = r1 + inner, r3 = r2 + inner;
      const a0 = a[r0], a1 = a[r1], a2 = a[r2], a3 = a[r3];
      const b0 = a[r0 + 1], b1 = a[r1 + 1], b2 = a[r2 + 1], b3 = a[r3 + 1];
      const to = k * cols, next = to + cols;
      for (let j = 0; j < cols; j++) {
        const x0 = d[d0 + j], x1 = d[d1 + j], x2 = d[d2 + j], x3 = d[d3 + j];
        out[to + j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3;
        out[next + j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3;
      }
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let k = i < evenRows ? evenInner : 0; k < inner; k++) {
      const by = a[i * inner + k];
      for (let j = 0; j < cols; j++) out[k * cols + j] += by * d[i * cols + j];
    }
  }
}

/**
 * out (rows, cols) = d (rows, inner) @ w (cols, inner) transposed.
 * @param {Float64Array} out
 * @param {Float64Array} d
 * @param {Float64Array} w
 * @param {number} rows
 * @param {number} inner
 * @param {number} cols
 */
function timesTransposed(out, d, w, rows, inner, cols) {
  const evenRows = rows - (rows % 4);
  const evenCols = cols - (cols % 2);
  for (let k = 0; k < evenCols; k += 2) {
    const w0 = k * inner, w1 = w0 + inner;
    for (let i = 0; i < evenRows; i += 4) {
      const d0 = i * inner, d1 = d0 + inner, d2 = d1 + inner, d3 = d2 + inner;
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      let t0 = 0, t1 = 0, t2 = 0, t3 = 0;
      for (let j = 0; j < inner; j++) {
        const x = w[w0 + j], y = w[w1 + j];
        const e0 = d[d0 + j], e1 = d[d1 + j], e2 = d[d2 + j], e3 = d[d3 + j];
        s0 += x * e0;
        s1 += x * e1;
        s2 += x * e2;
        s3 += x * e3;
        t0 += y * e0;
        t1 += y * e1;
        t2 += y * e2;
        t3 += y * e3;
      }
      const r0 = i * cols + k, r1 = r0 + cols, r2 = r1 + cols, r3 = r2 + cols;
      out[r0] = s0;
      out[r1] = s1;
      out[r2] = s2;
      out[r3] = s3;
      out[r0 + 1] = t0;
      out[r1 + 1] = t1;
      out[r2 + 1] = t2;
      out[r3 + 1] = t3;
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let k = i < evenRows ? evenCols : 0; k < cols; k++) {
      let sum = 0;
      for (let j = 0; j < inner; j++) sum += w[k * inner + j] * d[i * inner + j];
      out[i * cols + k] = sum;
    }
  }
}

/**
 * out (cols,) += d (rows, cols), summed over its rows.
 * @param {Float64Array} out
 * @param {Float64Array} d
 * @param {number} rows
 */
function addRows(out, d, rows) {
  const cols = out.length;
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j] += d[i * cols + j];
}
