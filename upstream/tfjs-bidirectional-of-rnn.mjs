/*
 * bidirectional raises an error for a layer made by tf.layers.rnn.
 *
 * Clause OPT-5 of rnn-conformance: a cell gives what the layer gives.
 */

import tf from '@tensorflow/tfjs';

const x = [[[1], [2]]];
const [W_x_0, W_h_0, b_0] = [[[1]], [[0.5]], [0.25]];
const [W_x_1, W_h_1, b_1] = [[[1]], [[0.5]], [0.25]];

// as the recurrence gives it in float64
const expected = [0.8482836399575129, 0.9401120745674931, 0.9905324156749822, 0.9780261147388136];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected);

const layer = tf.layers.bidirectional({ layer: tf.layers.rnn({ cell: tf.layers.simpleRNNCell({ units: 1 }), returnSequences: true, returnState: true }) });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([
  tf.tensor(W_x_0).transpose(),
  tf.tensor(W_h_0).transpose(),
  tf.tensor(b_0),
  tf.tensor(W_x_1).transpose(),
  tf.tensor(W_h_1).transpose(),
  tf.tensor(b_1),
]);

const [y, ...states] = [layer.apply(tf.tensor(x))].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);
console.log('got     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 8.10e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
