// What cuts of the learning rate brought: the loss at the old rate less that after the cut.

import { Chart } from "./chart.js";

/** @typedef {{at: number, x: number[], gain: number[]}} Cut */

export const nth = (/** @type {number} */ step) => step.toLocaleString("en");

export class Cuts {
  /** @type {Cut[]} the newest last */
  all = [];
  about = "";

  /** @param {HTMLElement} box */
  constructor(box) {
    this.chart = new Chart(box, 0.55);
  }

  clear() {
    this.all = [];
    this.chart.clear();
  }

  /**
   * Keep earlier cuts only if they had the same settings.
   * @param {string} about
   */
  keep(about) {
    if (about !== this.about) this.clear();
    this.about = about;
  }

  /** @param {number} at */
  begin(at) {
    this.all = [...this.all.filter((cut) => cut.at !== at), { at, x: [at], gain: [0] }];
  }

  get newest() {
    return this.all[this.all.length - 1];
  }

  /**
   * @param {number} step
   * @param {number} gain of the newest cut, in nats
   */
  add(step, gain) {
    if (!Number.isFinite(gain)) return;
    this.newest.x.push(step);
    this.newest.gain.push(gain);
  }

  /** @param {number} steps */
  draw(steps) {
    if (!this.all.some(({ x }) => x.length > 1)) return;
    const gains = this.all.flatMap(({ gain }) => gain);
    const from = Math.min(-0.1, ...gains) * 1.1;
    const to = Math.max(0.4, ...gains) * 1.1;
    /** @type {import("./chart.js").Layer[]} */
    const layers = [{ kind: "level", thin: true, x: [0], y: [0] }];
    for (const cut of this.all) {
      const { at, x, gain } = cut;
      const newest = cut === this.newest;
      const color = newest ? 1 : 5;
      layers.push({ kind: "line", color, dashed: !newest, x, y: gain });
      layers.push({ kind: "dots", color, thin: true, x, y: gain, label: newest ? `cut at ${nth(at)}: now ${amount(last(gain))}` : undefined });
      if (!newest) layers.push({ kind: "words", color, x: [at], y: [(to - from) / 40], text: nth(at), anchor: "end" });
    }
    const told = (/** @type {Cut} */ { x, gain }) => x.map((step, i) => `at ${nth(step)} ${amount(gain[i])}`).join(", ");
    this.chart.draw({
      title: "What a cut brings, and what it costs later",
      described: this.all.map((cut) => `Cut at step ${nth(cut.at)}: ${told(cut)}.`).join(" "),
      x: { label: "step", from: 0, to: steps },
      y: { label: "nats below the old rate", from, to },
      layers,
    });
  }

  /**
   * What the newest cut brought.
   * @param {number} steps
   * @param {number} end the loss over all examples at the old rate
   */
  verdict(steps, end) {
    const { at, x, gain } = this.newest;
    const now = last(gain);
    const best = gain.indexOf(Math.max(...gain));
    const most = best > 0 && gain[best] > now ? `The cut at step ${nth(at)} brought ${gain[best].toFixed(2)} nats by step ${nth(x[best])}. ` : "";
    const ends = `At step ${nth(steps)} the loss over all examples is ${(end - now).toFixed(2)} nats, and ${end.toFixed(2)} at the old rate`;
    const sum = now < 0 ? `costs ${(-now).toFixed(2)}. It came too early.` : `brings ${now.toFixed(2)}.`;
    const lowest = this.all.reduce((a, b) => (last(a.gain) > last(b.gain) ? a : b));
    const among = this.all.length > 1 ? ` Of your ${this.all.length} cuts, that at step ${nth(lowest.at)} ends lowest.` : "";
    return `${most}${ends}: in the end the cut at step ${nth(at)} ${sum}${among}`;
  }
}

const last = (/** @type {number[]} */ all) => all[all.length - 1];

const amount = (/** @type {number} */ gain) => `${Math.abs(gain).toFixed(2)} nats ${gain < 0 ? "higher" : "lower"}`;
