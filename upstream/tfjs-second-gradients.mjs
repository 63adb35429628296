/*
 * Gradients of gradients leave out how the slope of tanh and sigmoid changes: they are wrong, without a word.
 *
 * Clause GRD-11 of rnn-conformance: gradients of gradients are exact in integers.
 */

import tf from '@tensorflow/tfjs';

const x = [[[1], [1]]];
const h0 = [[0]];
const [W_x, W_h, b] = [[[2]], [[0]], [1]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const d_y = [[[1], [-1]]];
const d_h = [[[1]]];
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
const rates = [[[[-1], [1]]], [[1]], [[1]], [[1]], [1]];
const along = (...given) => tf.addN(gradients(loss, given).map((each, i) => tf.sum(tf.mul(each, rates[i]))));
const d = gradients(along, sources);
const got = d[0].arraySync();

// as the recurrence gives it in float64
const expected = [[[0.009866037165440211], [0]]];
console.log('tf', tf.version.tfjs);
console.log('expected', ...[expected].flat(Infinity));
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))));
const bound = [4.66e-10, 0];
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= bound[i]);
process.exit(close ? 0 : 1);
