/*
 * As tfjs-masked-times-zero, where it is the check that puts NaN or infinity there, or a layer below hands it
 * on.
 *
 * Clause MSK-4 of rnn-conformance: masked input is never read.
 */

import tf from '@tensorflow/tfjs';

const [x, h0, mask] = [[[[1], [NaN], [2]]], [[0.5]], [[true, false, true]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [layer.apply(tf.tensor(x), { initialState: [tf.tensor(h0)], mask: tf.tensor(mask) })].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.9051482536448665, 0.9051482536448665, 0.9910534240574398];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 7.80e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
