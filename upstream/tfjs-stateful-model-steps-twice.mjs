/*
 * In a model, a stateful layer that returns its states is run once for each of its outputs, each time from the
 * states that the time before left.
 *
 * Clause STA-3 of rnn-conformance: a stateful layer goes on where it was.
 */

import tf from '@tensorflow/tfjs';

const x = [[[1]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true, stateful: true });
const x_in = tf.input({ batchShape: [1, null, 1] });
const [y_out, ...states_out] = [layer.apply(x_in)].flat(Infinity);
const model = tf.model({ inputs: [x_in], outputs: [y_out, ...states_out] });
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [model.apply(tf.tensor(x))].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.8482836399575129];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 7.99e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
