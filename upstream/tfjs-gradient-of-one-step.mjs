/*
 * Gradients and training raise an error for sequences of one time step.
 *
 * Clause GRD-2 of rnn-conformance: gradient of the initial state.
 */

import tf from '@tensorflow/tfjs';

const [x, h0] = [[[[1]]], [[0.5]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// as the recurrence gives it in float64
const expected = [0];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected);

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [d_y, d_h] = [[[[0.125]]], [[[-0.125]]]];
const loss = (x, h0) => {
  const [y, ...states] = [layer.apply(x, { initialState: [h0] })].flat(Infinity);
  return tf.add(tf.sum(tf.mul(d_y, y)), tf.sum(tf.mul(d_h, tf.stack(states))));
};
const d = tf.grads(loss)([tf.tensor(x), tf.tensor(h0)]);
const got = [d[0].arraySync()].flat(Infinity);
console.log('got     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 4.73e-38;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
