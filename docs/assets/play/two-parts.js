// What a model costs, in its two parts, and a bar for each model. (For cross-entropy.js.)

const BIT = Math.LN2; // in nats
export const UNITS = ["nats", "bits"];

/** @param {string} char */
export function say(char) {
  return { " ": "space", ".": "end" }[char] ?? char;
}

/**
 * @param {number} nats
 * @param {number} unit
 */
export function amount(nats, unit) {
  return Number.isFinite(nats) ? (Math.max(0, nats) / (unit ? BIT : 1)).toFixed(2) : "infinite";
}

/** @param {number[]} values */
export function normal(values) {
  const sum = values.reduce((a, b) => a + b);
  return values.map((value) => value / sum);
}

/**
 * The two parts of what q costs where p comes.
 * @param {number[]} p
 * @param {number[]} q
 */
export function cost(p, q) {
  let H = 0;
  let KL = 0;
  p.forEach((x, i) => {
    if (x === 0) return;
    H -= x * Math.log(x);
    KL += x * Math.log(x / q[i]);
  });
  return { H, KL: Math.max(0, KL) };
}

/**
 * How often each character comes, anywhere and after each.
 * @param {string[]} list
 */
export function counted(list) {
  const chars = [".", ...[...new Set(list.join(""))].sort()];
  const after = chars.map(() => chars.map(() => 0));
  const anywhere = chars.map(() => 0);
  for (const word of list) {
    let before = 0;
    for (const char of [...word, "."]) {
      const i = chars.indexOf(char);
      after[before][i] += 1;
      anywhere[i] += 1;
      before = i;
    }
  }
  return { chars, after, anywhere };
}

/**
 * A bar for each model.
 * @param {import("./chart.js").Chart} chart
 * @param {string[]} names
 * @param {number} H in nats, as all costs
 * @param {number[]} KL
 * @param {number[]} costs
 * @param {number} unit
 */
export function show(chart, names, H, KL, costs, unit) {
  const times = unit ? 1 / BIT : 1;
  const at = names.map((_, i) => i);
  const most = Math.max(3.8, ...costs.filter(Number.isFinite).map((nats) => 1.12 * nats));
  const ends = costs.map((nats) => (Number.isFinite(nats) ? nats : 0.86 * most) * times);
  chart.draw({
    title: "A part of every bar is the data's own",
    described: names.map((name, i) => `${name}: ${amount(H, unit)} + ${amount(KL[i], unit)} = ${amount(costs[i], unit)} ${UNITS[unit]}.`).join(" "),
    left: 78,
    x: { label: `H(p, q) (${UNITS[unit]})`, from: 0, to: most * times },
    y: { label: "", from: names.length - 0.4, to: -0.6, ticks: at, format: (i) => names[i] },
    layers: [
      { kind: "bars", color: 0, x: at.map(() => H * times), y: at, label: "H(p): the same for every model" },
      { kind: "bars", color: 1, hatched: true, low: at.map(() => H * times), x: ends, y: at, label: "KL(p‖q): the difference" },
      ...at.map((i) => /** @type {import("./chart.js").Layer} */ ({
        kind: "words", x: [ends[i] + 0.01 * most * times], y: [i + 0.08], text: amount(costs[i], unit),
      })),
    ],
  });
}
