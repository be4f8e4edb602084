// Two notebooks to run out of order: what a cell makes anew is what the next run begins with.

import { Chart } from "./chart.js";
import { Notebook } from "./notebook.js";
import { Panel } from "./panel.js";

const MOST = 60; // nats: what is higher is said, not drawn

/**
 * @typedef {Record<"together_low" | "together_mid" | "together_high" | "reseeded_low" | "reseeded_mid"
 *   | "reseeded_high" | "separate_low" | "separate_mid" | "separate_high", number[]> & {reruns: number, n_steps: number}} Reruns
 */

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {Reruns} published
 */
export function play(stage, box, published) {
  const chart = new Chart(stage, 0.62);
  const pair = document.createElement("div");
  pair.className = "play-notebooks";
  box.append(pair);
  /** @type {Notebook[]} */
  let notebooks = [];
  const panel = new Panel(box, [
    { name: "trap", label: "Seed the batches in notebook 1's training cell", value: 0, least: 0, most: 1, whole: true, check: true, more: true },
    { name: "seed", label: "Seed", value: 1, least: 0, most: 4294967295, to: 99, whole: true, more: true },
    { name: "lr", label: "Learning rate", value: 0.1, least: 1e-6, most: 1e6, from: 1e-3, to: 1, log: true, more: true },
    { name: "steps", label: "Steps in a run", value: 50, least: 1, most: 20000, to: 1000, whole: true, log: true, more: true },
    { name: "batch", label: "Batch size", value: 32, least: 1, most: 4096, to: 512, whole: true, log: true, more: true },
  ], [
    { name: "stop", label: "Stop", press: stop },
    { name: "reset", label: "Reset", press: reset },
  ], () => notebooks.forEach((notebook) => notebook.show()));

  const seeded = () => `g = torch.Generator().manual_seed(${panel.values.seed})`;
  const init = () => [seeded(), "params = [p.requires_grad_() for p in init_params(g)]"];
  const train = () => {
    const { lr, steps, batch } = panel.values;
    return [
      `lr = ${lr}`, `for _ in range(${steps}):`, `    ix = torch.randint(len(X), (${batch},), generator=g)`,
      "    loss = loss_fn(params, X[ix], Y[ix])", "    loss.backward()", "    for p in params:",
      "        p.data -= lr * p.grad", "        p.grad = None", 'print(f"loss on all names: {loss_fn(params, X, Y):.4f}")',
    ];
  };
  /** @returns {import("./kernel.js").Cell[]} */
  const separate = () => [
    { name: "the first cell", code: init(), does: ["make"] },
    panel.values.trap
      ? { name: "the training cell", code: [seeded(), ...train()], does: ["reseed", "train"] }
      : { name: "the training cell", code: train(), does: ["train"] },
  ];
  /** @returns {import("./kernel.js").Cell[]} */
  const together = () => [{ name: "the cell", code: [...init(), ...train()], does: ["make", "train"] }];
  const settings = () => {
    const { seed, lr, steps, batch } = panel.values;
    return panel.ready() ? { seed, lr, steps, batch } : undefined;
  };

  function draw() {
    const known = Array.from({ length: published.reruns }, (_, i) => i + 1);
    const own = notebooks.map(({ kernel }) => kernel.losses.map((loss) => (loss < MOST ? loss : NaN)));
    const longest = Math.max(published.reruns, ...own.map((losses) => losses.length));
    const ends = [3.8, 10.5, ...own.flat().filter(Number.isFinite)];
    /** @type {import("./chart.js").Layer[]} */
    const layers = [];
    for (const [name, color, mark] of /** @type {const} */ ([["together", 1, "square"], ["reseeded", 2, "triangle"], ["separate", 0, undefined]])) {
      const [low, mid, high] = [published[`${name}_low`], published[`${name}_mid`], published[`${name}_high`]];
      layers.push({ kind: "band", color, x: known, y: high, low }, { kind: "line", color, x: known, y: mid });
      layers.push({ kind: "dots", color, thin: true, x: known, y: mid, ...(mark && { mark }) });
    }
    const { together_mid, reseeded_high, separate_low } = published;
    layers.push({ kind: "words", color: 1, anchor: "end", x: [5], y: [together_mid[4] + 0.15], text: "initialised in the training cell" });
    layers.push({ kind: "words", color: 2, anchor: "end", x: [5], y: [reseeded_high[3] + 0.8], text: "only the batches seeded there" });
    layers.push({ kind: "words", color: 0, x: [1], y: [separate_low[4]], text: "initialised in a cell of its own" });
    own.forEach((losses, i) => {
      const x = losses.map((_, run) => run + 1);
      if (losses.length) layers.push({ kind: "dots", hollow: true, color: "ink", ...(i && { mark: "diamond" }), x, y: losses, label: `your notebook ${i + 1}` });
    });
    const mine = notebooks.map(({ kernel: { losses } }, i) => (losses.length ? ` Your notebook ${i + 1}: ${losses.map((loss) => loss.toFixed(2)).join(", ")}.` : ""));
    chart.draw({
      title: "A cell of its own lets each re-run go on",
      described: `Loss on all names after each run of the training cell, median and range of sixteen models. In a cell of its own: ${rounded(published.separate_mid)}. In the training cell: ${rounded(together_mid)}. Only the batches seeded there: ${rounded(published.reseeded_mid)}.${mine.join("")}`,
      x: { label: `run of the training cell (${published.n_steps} steps each)`, from: 0.8, to: longest + 0.2, ...(longest < 11 && { ticks: Array.from({ length: longest }, (_, i) => i + 1) }) },
      y: { label: "loss on all names (nats)", from: Math.min(...ends) - 0.1, to: Math.max(...ends) },
      layers,
    });
  }

  const rounded = (/** @type {number[]} */ values) => values.map((value) => value.toFixed(2)).join(", ");

  function told(/** @type {string} */ text) {
    panel.allow({ stop: notebooks.some(({ busy }) => busy) });
    panel.say(text);
    draw();
  }

  function stop() {
    for (const notebook of notebooks) if (notebook.busy) notebook.restart();
    told("Stopped, and the kernel with it: nothing is in memory. Run the first cell again.");
  }

  function reset() {
    panel.reset();
    for (const notebook of notebooks) notebook.clear();
    told("As published, and nothing run yet.");
  }

  const ready = panel.said.textContent;
  notebooks = [
    new Notebook(pair, "Notebook 1", "a cell of its own", separate, settings, told),
    new Notebook(pair, "Notebook 2", "all in one cell", together, settings, told),
  ];
  told(ready || "Run the cells in any order, and more than once. With the seed of the page, the first loss is the page's, 10.1388.");
  return () => notebooks.forEach(({ kernel }) => kernel.end());
}
