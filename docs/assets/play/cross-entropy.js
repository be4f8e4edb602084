// Cross-entropy: give q by hand, and see the one part of its cost that no q changes.

import { ByHand } from "./by-hand.js";
import { Chart } from "./chart.js";
import { Panel } from "./panel.js";
import { words } from "./trainer.js";
import { UNITS, amount, cost, counted, say, show } from "./two-parts.js";

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
function control(chart, box, { names }, counts) {
  const { chars, after } = counts;
  const g = Math.max(1, chars.indexOf("g"));
  const mine = new ByHand(counts, g);
  const bars = mine.groups.map((_, bar) => `q${bar + 1}`);
  const panel = new Panel(box, [
    { name: "start", label: "Your q", value: 0, least: 0, most: HAND, choices: Object.fromEntries([...names, "given by hand"].entries()) },
    { name: "unit", label: "Unit", value: 0, least: 0, most: 1, choices: { 0: "nats", 1: "bits" } },
    ...bars.map((name, bar) => ({ name, label: mine.named(bar), value: rounded(mine.share(mine.q, bar)), least: 0, most: 1, to: FULL, mark: mine.share(mine.p, bar) })),
    { name: "after", label: "What comes after", value: g, least: 0, most: chars.length - 1, more: true,
      choices: Object.fromEntries(chars.map((char, i) => [i, i ? say(char) : "nothing yet (.)"])) },
  ], [{ name: "reset", label: "Reset", press: reset }], changed);
  const note = document.createElement("p");
  note.className = "play-note";
  note.textContent = "Drag a bar of q, or type its value: the others are scaled, so that q sums to one. The line on each bar marks p, and a full bar is 0.6.";
  panel.inputs.q1.closest(".play-row")?.before(note);

  /** The fields show what q is. */
  function put() {
    panel.fill(Object.fromEntries(bars.map((name, bar) => [name, rounded(mine.share(mine.q, bar))])));
  }

  function changed(/** @type {string} */ name) {
    const { start } = panel.values;
    const bar = bars.indexOf(name);
    if (bar >= 0) {
      mine.move(bar, panel.values[name]);
      panel.fill({ start: HAND }, false);
    } else if (name === "after") another();
    if (name === "start" && start !== HAND) mine.take(start);
    if (name !== "unit") put();
    draw(bar >= 0 ? ` The other bars were scaled, so that q sums to one.` : "");
  }

  /** What comes after another character: other bars, and q as a model of the page has it. */
  function another() {
    mine.follow(panel.values.after);
    bars.forEach((name, bar) => panel.rename(name, mine.named(bar), mine.share(mine.p, bar)));
    if (panel.values.start === HAND) panel.set("start", 0);
    mine.take(panel.values.start);
  }

  function draw(more = "") {
    const all = [...mine.models, mine.q].map((each) => cost(mine.p, each));
    const { unit } = panel.values;
    const [{ H }] = all;
    show(chart, [...names, "your q"], H, all.map(({ KL }) => KL), all.map(({ KL }) => H + KL), unit);
    const missed = mine.missed();
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
  const { start } = panel.values;
  const given = bars.map((name) => panel.values[name]);
  if (panel.values.after !== g) {
    another();
    panel.set("start", start);
  }
  mine.take(start === HAND ? 0 : start);
  if (start === HAND) mine.give(given);
  put();
  if (location.search && !panel.said.textContent) draw();
}
