/*
 * NaN or infinity at a masked time step makes everything after it NaN.
 *
 * Clause OPT-1 of rnn-conformance: options act together as each does alone.
 */

import tf from '@tensorflow/tfjs';

const [x, mask] = [[[[1], [NaN], [2], [NaN]]], [[true, false, true, false]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [layer.apply(tf.tensor(x), { mask: tf.tensor(mask) })].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.8482836399575129, 0.8482836399575129, 0.9905324156749822, 0.9905324156749822];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 7.99e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
