// Runs at constant rates: where each ended, one dot a rate.

import { Chart } from "./chart.js";
import { short } from "./panel.js";

const TAIL = 100; // losses at a run's end that are averaged

export class Valley {
  /** @type {{rate: number, loss: number}[]} by rate */
  dots = [];

  /**
   * @param {HTMLElement} box
   * @param {number} steps of each run
   */
  constructor(box, steps) {
    this.steps = steps;
    this.chart = new Chart(box, 0.55);
  }

  clear() {
    this.dots = [];
    this.chart.clear();
  }

  /**
   * Add a run; returns where it ended, in words.
   * @param {number} rate
   * @param {number[]} losses
   */
  add(rate, losses) {
    const tail = losses.slice(-TAIL);
    const loss = tail.reduce((sum, one) => sum + one) / tail.length;
    this.dots = [...this.dots.filter((dot) => dot.rate !== rate), { rate, loss }].sort((a, b) => a.rate - b.rate);
    const least = this.dots.reduce((a, b) => (a.loss < b.loss ? a : b));
    const lowest = this.dots.length > 1 ? ` The lowest so far is at ${short(least.rate)}.` : " Drag the line and train again.";
    return `At a rate of ${short(rate)}, ${this.steps} steps end at ${loss.toFixed(2)} nats.${lowest}`;
  }

  draw() {
    if (!this.dots.length) return;
    const rates = this.dots.map((dot) => dot.rate);
    const losses = this.dots.map((dot) => dot.loss);
    this.chart.draw({
      title: `Loss after ${this.steps} steps at one rate`,
      described: this.dots.map((dot) => `Rate ${short(dot.rate)}: ${dot.loss.toFixed(2)} nats.`).join(" "),
      x: { label: "learning rate", from: Math.min(0.01, ...rates), to: Math.max(1, ...rates), log: true },
      y: { label: "loss (nats)", from: 0, to: Math.max(10, Math.min(36, ...losses) + 2, ...losses.filter((l) => l < 36)) },
      layers: [
        { kind: "line", thin: true, color: 2, x: rates, y: losses },
        { kind: "dots", color: 2, x: rates, y: losses, label: `a run at a constant rate: its last ${TAIL} batches` },
      ],
    });
  }
}
