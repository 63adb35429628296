/*
 * An initial state of batch 1 is taken for every row of the batch.
 *
 * Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error.
 */

import tf from '@tensorflow/tfjs';

const [x, h0] = [[[[1]], [[1]], [[1]]], [[0.5]]];

const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 1] }));

let got;
try {
  const [y, ...states] = [layer.apply(tf.tensor(x), { initialState: [tf.tensor(h0)] })].flat(Infinity);
  got = y.arraySync();
} catch (error) {
  process.exit(0); // refused, as it should be
}
console.log('tf', tf.version.tfjs, '\nexpected an error; got', ...[got].flat(Infinity));
process.exit(1);
