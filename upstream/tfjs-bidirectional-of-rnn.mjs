/*
 * bidirectional raises an error for a layer made by tf.layers.rnn.
 *
 * Clause OPT-5 of rnn-conformance: a cell gives what the layer gives.
 */

import tf from '@tensorflow/tfjs';

console.log('tf', tf.version.tfjs, '\nexpected', ...[1, 2, 2]);
const cell = tf.layers.simpleRNNCell({ units: 1 });
const layer = tf.layers.bidirectional({ layer: tf.layers.rnn({ cell, returnSequences: true }) });
const got = layer.apply(tf.tensor([[[1], [2]]])).shape;
console.log('got     ', ...got);
process.exit(got.join() === '1,2,2' ? 0 : 1);
