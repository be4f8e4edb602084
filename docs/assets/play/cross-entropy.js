// Cross-entropy: give q by hand, and see the one part of its cost that no q changes.

import { Chart } from "./chart.js";
import { Panel } from "./panel.js";
import { words } from "./trainer.js";
import { UNITS, amount, cost, counted, normal, say, show } from "./two-parts.js";

const SHOWN = 13; // characters with a bar of their own: the others share one
const FULL = 0.6; // of q: a whole bar, as little comes more often
const HAND = 4; // the entry of the list of models that is no model of the page
const rounded = (/** @type {number} */ value) => Number(value.toPrecision(6));

/**
 * @param {HTMLElement} stage where the chart goes
 * @param {HTMLElement} box where the controls go
 * @param {{names: string[], H_p: number, KL: number[], H_pq: number[]}} published
 */
export function play(stage, box, published) {
  const chart = new Chart(stage, 0.64);
  const { names, H_p, KL, H_pq } = published;
  show(chart, [...names, "your q"], H_p, [...KL, KL[0]], [...H_pq, H_pq[0]], 0);
  let open = true;
  words().then(
    (list) => open && control(chart, box, published, counted(list)),
    () => (box.textContent = "The names could not be fetched: load the page again to give q by hand."),
  );
  return () => (open = false);
}

/**
 * @param {Chart} chart
 * @param {HTMLElement} box
 * @param {{names: string[], H_p: number, KL: number[], H_pq: number[]}} published
 * @param {ReturnType<typeof counted>} counts
 */
function control(chart, box, { names }, { chars, after, anywhere }) {
  const V = chars.length;
  const g = Math.max(1, chars.indexOf("g"));
  /** @type {number[][]} the characters of each bar, by number; the others' is the last */
  let groups = [];
  /** @type {number[]} */
  let p = [];
  /** @type {number[][]} the page's models */
  let models = [];
  /** @type {number[]} */
  let q = [];

  /** Count what follows a character. */
  function follow(/** @type {number} */ char) {
    const count = after[char];
    p = normal(count);
    models = [Array(V).fill(1 / V), normal(anywhere), normal(count.map((n) => n + 1)), p];
    const order = chars.map((_, i) => i).sort((a, b) => count[b] - count[a] || a - b);
    groups = [...order.slice(0, SHOWN).map((i) => [i]), order.slice(SHOWN)];
  }

  const share = (/** @type {number[]} */ of, /** @type {number} */ bar) => groups[bar].reduce((sum, i) => sum + of[i], 0);
  const named = (/** @type {number} */ bar) => (bar < SHOWN ? `q(${say(chars[groups[bar][0]])})` : "q(others)");

  follow(g);
  q = models[0];
  const bars = groups.map((_, bar) => `q${bar + 1}`);
  const panel = new Panel(box, [
    { name: "start", label: "Your q", value: 0, least: 0, most: HAND, choices: Object.fromEntries([...names, "given by hand"].entries()) },
    { name: "unit", label: "Unit", value: 0, least: 0, most: 1, choices: { 0: "nats", 1: "bits" } },
    ...bars.map((name, bar) => ({ name, label: named(bar), value: rounded(share(q, bar)), least: 0, most: 1, to: FULL, mark: share(p, bar) })),
    { name: "after", label: "What comes after", value: g, least: 0, most: V - 1, more: true,
      choices: Object.fromEntries(chars.map((char, i) => [i, i ? say(char) : "nothing yet (.)"])) },
  ], [{ name: "reset", label: "Reset", press: reset }], changed);
  const note = document.createElement("p");
  note.className = "play-note";
  note.textContent = "Drag a bar of q, or type its value: the others are scaled, so that q sums to one. The line on each bar marks p, and a full bar is 0.6.";
  panel.inputs.q1.closest(".play-row")?.before(note);

  /** The fields show what q is. */
  function put() {
    panel.fill(Object.fromEntries(bars.map((name, bar) => [name, rounded(share(q, bar))])));
  }

  /** One bar gets a value, and the rest of q what is left of one. */
  function move(/** @type {number} */ bar, /** @type {number} */ value) {
    const inside = groups[bar];
    const old = share(q, bar);
    q = normal(q.map((x, i) => {
      if (inside.includes(i)) return old > 0 ? (x * value) / old : value / inside.length;
      return old < 1 - 1e-12 ? (x * (1 - value)) / (1 - old) : (1 - value) / (V - inside.length);
    }));
  }

  function changed(/** @type {string} */ name) {
    const { start } = panel.values;
    const bar = bars.indexOf(name);
    if (bar >= 0) {
      move(bar, panel.values[name]);
      panel.fill({ start: HAND }, false);
    } else if (name === "after") another();
    if (name === "start" && start !== HAND) q = models[start];
    if (name !== "unit") put();
    draw(bar >= 0 ? ` The other bars were scaled, so that q sums to one.` : "");
  }

  /** What comes after another character: other bars, and q as a model of the page has it. */
  function another() {
    follow(panel.values.after);
    bars.forEach((name, bar) => panel.rename(name, named(bar), share(p, bar)));
    if (panel.values.start === HAND) panel.set("start", 0);
    q = models[panel.values.start];
  }

  function draw(more = "") {
    const all = [...models, q].map((each) => cost(p, each));
    const { unit } = panel.values;
    const [{ H }] = all;
    show(chart, [...names, "your q"], H, all.map(({ KL }) => KL), all.map(({ KL }) => H + KL), unit);
    const missed = chars.map((_, i) => i).filter((i) => p[i] > 0 && q[i] === 0);
    const { KL } = all[HAND];
    if (missed.length) {
      const which = missed.map((i) => `${say(chars[i])} (${after[panel.values.after][i]} times)`).join(", ");
      return panel.say(`Your q costs infinitely much: it gives no probability to what came, ${which}.${more}`);
    }
    const [total, own, rest] = [H + KL, H, KL].map((nats) => amount(nats, unit));
    const left = KL < 1e-9 ? " Your q is p itself: no model costs less." : "";
    panel.say(`Your q costs ${total} ${UNITS[unit]}: ${own} of H(p), which no q changes, and ${rest} of KL(p‖q).${left}${more}`);
  }

  function reset() {
    panel.reset();
    another();
    put();
    draw();
    panel.say("As published, for what comes after g. Your q is uniform again.");
  }

  // What the address asks for.
  if (panel.values.after !== g) {
    const { start } = panel.values;
    another();
    panel.set("start", start);
  }
  if (panel.values.start === HAND) {
    const given = chars.map((_, i) => groups.findIndex((inside) => inside.includes(i)));
    q = normal(given.map((bar) => panel.values[bars[bar]] / groups[bar].length));
    if (q.some(Number.isNaN)) q = models[0]; // all bars were zero
  } else q = models[panel.values.start];
  put();
  if (location.search && !panel.said.textContent) draw();
}
