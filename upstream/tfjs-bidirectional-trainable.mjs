/*
 * bidirectional({ layer, trainable: false }) is trained.
 *
 * Clause CFG-5 of rnn-conformance: a layer that is not trained has no trainable weights.
 */

import tf from '@tensorflow/tfjs';

const inner = tf.layers.simpleRNN({ units: 1 });
const model = tf.sequential();
model.add(tf.layers.inputLayer({ inputShape: [null, 1] }));
model.add(tf.layers.bidirectional({ layer: inner, trainable: false }));
const got = model.trainableWeights.length;
console.log('tf', tf.version.tfjs);
console.log('expected', 0, 'weights that are trained');
console.log('got     ', got);
process.exit(got === 0 ? 0 : 1);
