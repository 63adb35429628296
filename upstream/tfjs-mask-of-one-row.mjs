/*
 * A mask of one row is taken for every row of the batch.
 *
 * Clause MSK-6 of rnn-conformance: a mask of the wrong shape is an error.
 */

import tf from '@tensorflow/tfjs';

const [x, mask] = [[[[1], [2]], [[1], [2]], [[1], [2]]], [[true, true]]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));

let got;
try {
  const [y, ...states] = [layer.apply(tf.tensor(x), { mask: tf.tensor(mask) })].flat(Infinity);
  got = y.arraySync();
} catch (error) {
  process.exit(0); // refused, as it should be
}
console.log('tf', tf.version.tfjs, '\nexpected an error; got', ...[got].flat(Infinity));
process.exit(1);
