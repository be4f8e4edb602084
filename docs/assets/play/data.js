// The examples that all notes share, as the set-up of each page makes them.

const CONTEXT = 3; // characters that the model sees
const MOST_CHARACTERS = 200_000;

/**
 * @typedef {object} Data
 * @property {string[]} chars the alphabet; the first marks the end of a word
 * @property {number} context how many characters come before
 * @property {number} size N, the number of examples
 * @property {Int32Array} X (N, 3), row by row: the characters before
 * @property {Int32Array} Y (N,): the character that comes next
 * @property {number} kinds K, the number of different contexts
 * @property {Int32Array} contexts (K, 3), row by row: each context once
 * @property {Int32Array} pairs (P, 3): context, next character, how often both come
 */

/**
 * Cut words into examples.
 * @param {string[]} words
 * @returns {Data}
 * @throws {Error} with a sentence that says what to do
 */
export function examples(words) {
  if (new Set(words).size < 2) throw new Error("Give two different words at least.");
  const all = words.map((word) => [...word]);
  if (all.some((word) => word.includes("."))) {
    throw new Error("Leave out the full stop: it marks the end of a word here.");
  }
  const length = all.reduce((sum, word) => sum + word.length, 0);
  if (length > MOST_CHARACTERS) {
    const most = MOST_CHARACTERS.toLocaleString("en");
    throw new Error(`Give at most ${most} characters: these are ${length.toLocaleString("en")}.`);
  }
  // As Python sorts: by code point.
  const order = (/** @type {string} */ a, /** @type {string} */ b) =>
    Number(a.codePointAt(0)) - Number(b.codePointAt(0));
  const chars = [".", ...[...new Set(all.flat())].sort(order)];
  const index = new Map(chars.map((char, i) => [char, i]));
  const size = length + words.length;
  const X = new Int32Array(size * CONTEXT);
  const Y = new Int32Array(size);
  let n = 0;
  for (const word of all) {
    const ids = [0, 0, 0, ...word.map((char) => Number(index.get(char))), 0];
    for (let i = 0; i + CONTEXT < ids.length; i++, n++) {
      for (let k = 0; k < CONTEXT; k++) X[n * CONTEXT + k] = ids[i + k];
      Y[n] = ids[i + CONTEXT];
    }
  }
  return { chars, context: CONTEXT, size, X, Y, ...counted(X, Y, chars.length) };
}

/**
 * Each context once, and how often each character follows it.
 * @param {Int32Array} X
 * @param {Int32Array} Y
 * @param {number} base the number of characters
 */
function counted(X, Y, base) {
  const numbers = new Map(); // of the contexts
  const times = new Map(); // of context and next character
  for (let n = 0; n < Y.length; n++) {
    let code = 0;
    for (let k = 0; k < CONTEXT; k++) code = code * base + X[n * CONTEXT + k];
    if (!numbers.has(code)) numbers.set(code, numbers.size);
    const pair = numbers.get(code) * base + Y[n];
    times.set(pair, (times.get(pair) ?? 0) + 1);
  }
  const contexts = new Int32Array(numbers.size * CONTEXT);
  for (let [code, kind] of numbers) {
    for (let k = CONTEXT - 1; k >= 0; k--) {
      contexts[kind * CONTEXT + k] = code % base;
      code = Math.floor(code / base);
    }
  }
  const pairs = new Int32Array(times.size * 3);
  let p = 0;
  for (const [pair, count] of times) {
    pairs.set([Math.floor(pair / base), pair % base, count], 3 * p++);
  }
  return { kinds: numbers.size, contexts, pairs };
}
