/*
 * A model whose recurrent layer takes initial states and returns its states raises an error when it is called
 * by apply.
 *
 * Clause INI-2 of rnn-conformance: a given initial state is the state before the first step.
 */

import tf from '@tensorflow/tfjs';

const [x, h0] = [[[[1], [2]]], [[0.5]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// as the recurrence gives it in float64
const expected = [0.9051482536448665, 0.9910534240574398];
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
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 7.80e-07) ? 0 : 1);
