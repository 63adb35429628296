/*
 * As tfjs-masked-times-zero, of an infinite state: beside a mask it is NaN after a step that was taken.
 *
 * Clause NAN-6 of rnn-conformance: tanh of an infinite state is one.
 */

import tf from '@tensorflow/tfjs';

const [x, h0, mask] = [[[[1]]], [[Infinity]], [[true]]];
const [W_x, W_h, b] = [[[1]], [[0.25]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [layer.apply(tf.tensor(x), { initialState: [tf.tensor(h0)], mask: tf.tensor(mask) })].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [1];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 7.19e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
