/*
 * As tfjs-second-gradients, between two calls.
 *
 * Clause HIS-4 of rnn-conformance: derivatives change nothing and are those of the weights of now.
 */

import tf from '@tensorflow/tfjs';

const [x, h0] = [[[[1], [2]]], [[0.5]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [d_y, d_h] = [[[[-0.75], [0.25]]], [[[-1.625]]]];
const loss = (x, h0) => {
  const [y, ...states] = [layer.apply(x, { initialState: [h0] })].flat(Infinity);
  return tf.add(tf.sum(tf.mul(d_y, y)), tf.sum(tf.mul(d_h, tf.stack(states))));
};
const sources = [tf.tensor(x), tf.tensor(h0)];
const variables = layer.trainableWeights.map((weight) => weight.read());
const gradients = (f, given) => {
  const { grads } = tf.variableGrads(() => f(...given), variables);
  return [...tf.grads(f)(given), ...variables.map(({ name }) => grads[name])];
};
const rates = [[[[-1.25], [0.875]]], [[0.5]], [[0.875]], [[0.375]], [0.375]];
const along = (...given) => tf.addN(gradients(loss, given).map((each, i) => tf.sum(tf.mul(each, rates[i]))));
const d = gradients(along, sources);
const got = [d[0].arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.0017298666175065425, 0.14260967331602079];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 1.81e-05) ? 0 : 1);
