/*
 * As tfjs-model-with-states, where it is the check that gives states.
 *
 * Clause STK-5 of rnn-conformance: each of many layers has its place.
 */

import tf from '@tensorflow/tfjs';

const [x, h0] = [[[[1]]], [[0.0625]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// as the recurrence gives it in float64
const expected = [0.856817601110895];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected);

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
const x_in = tf.input({ batchShape: [null, null, 1] });
const h0_in = tf.input({ batchShape: [null, 1] });
const [y_out, ...states_out] = [layer.apply(x_in, { initialState: [h0_in] })].flat(Infinity);
const model = tf.model({ inputs: [x_in, h0_in], outputs: [y_out, ...states_out] });
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [model.apply([tf.tensor(x), tf.tensor(h0)])].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);
console.log('got     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 8.00e-07) ? 0 : 1);
