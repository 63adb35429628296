/*
 * An initial state of batch 1 is taken for every row of the batch.
 *
 * Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error.
 */

import tf from '@tensorflow/tfjs';

const x = [[[1]], [[1]], [[1]]];
const h0 = [[0.5]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

console.log('tf', tf.version.tfjs);
try {
  const [y, ...states] = [layer.apply(tf.tensor(x), { initialState: [tf.tensor(h0)] })].flat(Infinity);
  console.log('expected an error; got', ...[y.arraySync()].flat(Infinity));
} catch (error) {
  console.log('refused, as it should be:', error.message);
  process.exit(0);
}
process.exit(1);
