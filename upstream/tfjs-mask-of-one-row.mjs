/*
 * A mask of one row is taken for every row of the batch.
 *
 * Clause MSK-6 of rnn-conformance: a mask of the wrong shape is an error.
 */

import tf from '@tensorflow/tfjs';

const x = [[[1], [2]], [[1], [2]], [[1], [2]]];
const mask = [[true, true]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor(W_x).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

console.log('tf', tf.version.tfjs);
try {
  const [y, ...states] = [layer.apply(tf.tensor(x), { mask: tf.tensor(mask) })].flat(Infinity);
  console.log('expected an error; got', ...[y.arraySync()].flat(Infinity));
} catch (error) {
  console.log('refused, as it should be:', error.message);
  process.exit(0);
}
process.exit(1);
