// Three softmaxes, of which two mix the examples: their losses, and whose loss depends
// on whose logits. (batch-dimension.js shows them.)

/** @typedef {"right" | "dim 0" | "no keepdim"} Version */
/** @type {Version[]} */
export const VERSIONS = ["right", "dim 0", "no keepdim"];

/**
 * The logarithm of the sum of exponentials.
 * @param {number} count
 * @param {(k: number) => number} of
 */
function logSum(count, of) {
  let most = -Infinity;
  for (let k = 0; k < count; k++) most = Math.max(most, of(k));
  let sum = 0;
  for (let k = 0; k < count; k++) sum += Math.exp(of(k) - most);
  return most + Math.log(sum);
}

/** Whether broadcasting finds no fault with the sums' shape. */
const fits = (/** @type {Version} */ version, /** @type {number} */ B, /** @type {number} */ V) =>
  version !== "no keepdim" || B === V || B === 1;

/**
 * The logarithms of a version's sums: one for each example, or for `dim 0` each class.
 * @param {Version} version
 * @param {Float64Array} z logits (B, V)
 * @param {number} B
 */
function sums(version, z, B) {
  const V = z.length / B;
  if (version === "dim 0") return Float64Array.from({ length: V }, (_, j) => logSum(B, (k) => z[k * V + j]));
  return Float64Array.from({ length: B }, (_, i) => logSum(V, (j) => z[i * V + j]));
}

/**
 * The number of the sum by which example i's probability is divided.
 * @param {Version} version
 * @param {number} i
 * @param {ArrayLike<number>} Y
 */
function which(version, i, Y) {
  if (version === "right") return i;
  if (version === "dim 0") return Y[i];
  return Y.length === 1 ? 0 : Y[i]; // one sum stretches to every class
}

/**
 * The loss of each example (B,), and the logarithms of the sums that it comes from;
 * nothing where the shapes don't fit.
 * @param {Version} version
 * @param {Float64Array} z logits (B, V)
 * @param {ArrayLike<number>} Y labels (B,)
 */
export function mixed(version, z, Y) {
  const B = Y.length;
  const V = z.length / B;
  if (!fits(version, B, V)) return undefined;
  const logSums = sums(version, z, B);
  return { logSums, losses: Float64Array.from(Y, (y, i) => logSums[which(version, i, Y)] - z[i * V + y]) };
}

/**
 * How much the losses of the first `count` examples depend on the logits of each: the
 * largest derivative (count, count), without its sign.
 * @param {Version} version
 * @param {Float64Array} z logits (B, V)
 * @param {ArrayLike<number>} Y labels (B,)
 * @param {Float64Array} logSums of the version
 * @param {number} count
 */
export function derivatives(version, z, Y, logSums, count) {
  const V = z.length / Y.length;
  const found = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    const at = which(version, i, Y);
    for (let j = 0; j < count; j++) {
      for (let c = 0; c < V; c++) {
        // Example j's logit of class c is in the sum of its column, or of its row.
        const inSum = version === "dim 0" ? c === at : j === at;
        const derivative = (inSum ? Math.exp(z[j * V + c] - logSums[at]) : 0) - (i === j && c === Y[i] ? 1 : 0);
        found[i * count + j] = Math.max(found[i * count + j], Math.abs(derivative));
      }
    }
  }
  return found;
}
