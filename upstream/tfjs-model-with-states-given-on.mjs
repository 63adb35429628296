/*
 * As tfjs-model-with-states, where it is the check that gives states on.
 *
 * Clause STA-2 of rnn-conformance: a sequence can be given step by step.
 */

import tf from '@tensorflow/tfjs';

const x = [[[2]]];
const h0 = [[0.84828365]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
const expected = x.map((row, n) => {
  let h = h0[n];
  return row.map((x_t, t) => {
    const [a, c] = [times(W_x, x_t), times(W_h, h)];
    h = h.map((_, i) => Math.tanh(a[i] + c[i] + b[i]));
    return h;
  });
});
console.log('tf', tf.version.tfjs);
console.log('expected', ...[expected].flat(Infinity));

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
const x_in = tf.input({ batchShape: [null, null, 1] });
const h0_in = tf.input({ batchShape: [null, 1] });
const [y_out, ...states_out] = [layer.apply(x_in, { initialState: [h0_in] })].flat(Infinity);
const model = tf.model({ inputs: [x_in, h0_in], outputs: [y_out, ...states_out] });
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [model.apply([tf.tensor(x), tf.tensor(h0)])].flat(Infinity);
const got = y.arraySync();
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))), 'of at most', 7.31e-07);
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= 7.31e-07);
process.exit(close ? 0 : 1);
