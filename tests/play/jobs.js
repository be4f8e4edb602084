// What tests ask of the scripts that train in the browser, in Node and in Chromium.

/**
 * @param {any} engine the modules random, data and model
 * @param {any} job
 */
export function answer({ random, data, model }, job) {
  const g = new random.Generator(job.seed);
  if (job.draws) return job.draws.map(([what, ...about]) => [g[what](...about)].flatMap((x) => (x.length ? [...x] : [x])));
  const one = new model.Model(data.examples(job.words)).init(g, job.start);
  const first = one.copy();
  const losses = job.lrs.map((lr) => one.step(g.integers(one.data.size, job.batchSize), lr));
  const all = Array.from({ length: one.data.size }, (_, i) => i);
  one.fullLoss(true);
  const counted = one.flat();
  one.gradient(all);
  const whole = one.flat();
  return {
    losses,
    size: one.data.size,
    chars: one.data.chars,
    first: Object.values(first.params).map((values) => values.slice(0, 40).join(" ")),
    full: [one.fullLoss(), one.loss(all)],
    gradients: Math.max(...counted.map((x, i) => Math.abs(x - whole[i]))),
    length: Math.hypot(...whole),
  };
}
