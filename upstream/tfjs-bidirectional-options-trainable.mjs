/*
 * bidirectional forgets trainable: false, of which its configuration knows nothing.
 *
 * Clause CFG-2 of rnn-conformance: every option survives its configuration.
 */

import tf from '@tensorflow/tfjs';

const inner = tf.layers.simpleRNN({ units: 1 });
const layer = tf.layers.bidirectional({ layer: inner, trainable: false });
const got = layer.getConfig().trainable;
console.log('tf', tf.version.tfjs);
console.log('expected', false);
console.log('got     ', got);
process.exit(got === false ? 0 : 1);
