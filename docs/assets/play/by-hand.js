// A model q that is given by hand, a bar for each character. (For cross-entropy.js.)

import { normal, say } from "./two-parts.js";

const SHOWN = 13; // characters with a bar of their own: the others share one

export class ByHand {
  /** @type {number[][]} the characters of each bar, by number; the others' is the last */
  groups = [];
  /** @type {number[]} what comes after the character */
  p = [];
  /** @type {number[][]} the page's models of it */
  models = [];
  /** @type {number[]} */
  q = [];

  /**
   * @param {ReturnType<typeof import("./two-parts.js").counted>} counts
   * @param {number} char after which the next one is guessed
   */
  constructor(counts, char) {
    this.counts = counts;
    this.follow(char);
    this.take(0);
  }

  /** Count what follows a character. */
  follow(/** @type {number} */ char) {
    const { chars, after, anywhere } = this.counts;
    const count = after[char];
    this.p = normal(count);
    this.models = [Array(chars.length).fill(1 / chars.length), normal(anywhere), normal(count.map((n) => n + 1)), this.p];
    const order = chars.map((_, i) => i).sort((a, b) => count[b] - count[a] || a - b);
    this.groups = [...order.slice(0, SHOWN).map((i) => [i]), order.slice(SHOWN)];
  }

  /** Let q be a model of the page. */
  take(/** @type {number} */ model) {
    this.q = this.models[model];
  }

  /** A bar's share of p or of q. */
  share(/** @type {number[]} */ of, /** @type {number} */ bar) {
    return this.groups[bar].reduce((sum, i) => sum + of[i], 0);
  }

  named(/** @type {number} */ bar) {
    return bar < SHOWN ? `q(${say(this.counts.chars[this.groups[bar][0]])})` : "q(others)";
  }

  /** One bar gets a value, and the rest of q what is left of one. */
  move(/** @type {number} */ bar, /** @type {number} */ value) {
    const inside = this.groups[bar];
    const old = this.share(this.q, bar);
    this.q = normal(this.q.map((x, i) => {
      if (inside.includes(i)) return old > 0 ? (x * value) / old : value / inside.length;
      return old < 1 - 1e-12 ? (x * (1 - value)) / (1 - old) : (1 - value) / (this.q.length - inside.length);
    }));
  }

  /** All bars get a value: their sum needn't be one, but more than zero. */
  give(/** @type {number[]} */ values) {
    const bars = this.p.map((_, i) => this.groups.findIndex((inside) => inside.includes(i)));
    const q = normal(bars.map((bar) => values[bar] / this.groups[bar].length));
    if (!q.some(Number.isNaN)) this.q = q;
  }

  /** The characters that come, but never by q. */
  missed() {
    return this.p.map((_, i) => i).filter((i) => this.p[i] > 0 && this.q[i] === 0);
  }
}
