/*
 * As tfjs-masked-times-zero, where it is the check that puts NaN or infinity there, or a layer below hands it
 * on.
 *
 * Clause MSK-3 of rnn-conformance: masked outputs are as declared.
 */

import tf from '@tensorflow/tfjs';

const [x, mask] = [[[[0], [NaN]]], [[false, true]]];
const [W_x_0, W_h_0, b_0] = [[[0]], [[0]], [0]];
const [W_x_1, W_h_1, b_1] = [[[0]], [[0]], [0]];
const [W_x_2, W_h_2, b_2] = [[[0, 0]], [[0]], [0]];
const [W_x_3, W_h_3, b_3] = [[[0, 0]], [[0]], [0]];

const layer_0 = tf.layers.bidirectional({ layer: tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true }) });
const layer_1 = tf.layers.bidirectional({ layer: tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true }) });
layer_0.apply(tf.input({ batchShape: [null, null, 1] }));
layer_1.apply(tf.input({ batchShape: [null, null, 2] }));
layer_0.setWeights([tf.tensor(W_x_0).transpose(), tf.tensor(W_h_0).transpose(), tf.tensor(b_0),
  tf.tensor(W_x_1).transpose(), tf.tensor(W_h_1).transpose(), tf.tensor(b_1)]);
layer_1.setWeights([tf.tensor(W_x_2).transpose(), tf.tensor(W_h_2).transpose(), tf.tensor(b_2),
  tf.tensor(W_x_3).transpose(), tf.tensor(W_h_3).transpose(), tf.tensor(b_3)]);

const [y_0, ...states_0] = [layer_0.apply(tf.tensor(x), { mask: tf.tensor(mask) })].flat(Infinity);
const [y, ...states_1] = [layer_1.apply(y_0, { mask: tf.tensor(mask) })].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0, NaN, NaN, NaN];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Object.is(value, expected[i]) || Math.abs(value - expected[i]) <= 0;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
