/*
 * NaN or infinity at a masked time step makes everything after it NaN.
 *
 * Clause OPT-1 of rnn-conformance: options act together as each does alone.
 */

import tf from '@tensorflow/tfjs';

const x = [[[1], [NaN], [2], [NaN]]];
const mask = [[true, false, true, false]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [layer.apply(tf.tensor(x), { mask: tf.tensor(mask) })].flat(Infinity);
const got = y.arraySync();

// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
const expected = x.map((row, n) => {
  let h = Array(1).fill(0);
  return row.map((x_t, t) => {
    const [a, c] = [times(W_x, x_t), times(W_h, h)];
    if (mask[n][t]) h = h.map((_, i) => Math.tanh(a[i] + c[i] + b[i]));
    return h;
  });
});
console.log('tf', tf.version.tfjs);
console.log('expected', ...[expected].flat(Infinity));
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))), 'of at most', 7.99e-07);
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= 7.99e-07);
process.exit(close ? 0 : 1);
