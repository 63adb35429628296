/*
 * With an input of no features the backend wasm computes with whatever stood in its memory.
 *
 * Clause EDG-4 of rnn-conformance: input of no features.
 */

import tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

await tf.setBackend('wasm');

const x = [[[], [], [], []], [[], [], [], []], [[], [], [], []], [[], [], [], []]];
const W_x = [[], [], []];
const W_h = [[0.5, -0.25, 1], [0.75, 0.5, 0.25], [-0.5, 0.125, 0.25]];
const b = [0.25, 0.5, 0.75];

const layer = tf.layers.simpleRNN({ units: 3, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 0] }));
layer.setWeights([tf.tensor(W_x, [3, 0]).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [layer.apply(tf.tensor(x, [4, 4, 0]))].flat(Infinity);
const got = y.arraySync();

// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
const expected = x.map((row, n) => {
  let h = Array(3).fill(0);
  return row.map((x_t, t) => {
    const [a, c] = [times(W_x, x_t), times(W_h, h)];
    h = h.map((_, i) => Math.tanh(a[i] + c[i] + b[i]));
    return h;
  });
});
console.log('tf', tf.version.tfjs);
console.log('expected', ...[expected].flat(Infinity));
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))), 'of at most', 2.15e-06);
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= 2.15e-06);
process.exit(close ? 0 : 1);
