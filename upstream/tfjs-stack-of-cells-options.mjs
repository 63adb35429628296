/*
 * stackedRNNCells that is made from its configuration forgets trainable: false.
 *
 * Clause CFG-2 of rnn-conformance: every option survives its configuration.
 */

import tf from '@tensorflow/tfjs';

const cells = [tf.layers.simpleRNNCell({ units: 1 }), tf.layers.simpleRNNCell({ units: 1 })];
const stack = tf.layers.stackedRNNCells({ cells, trainable: false });
const got = stack.constructor.fromConfig(stack.constructor, stack.getConfig()).trainable;
console.log('tf', tf.version.tfjs);
console.log('expected', false);
console.log('got     ', got);
process.exit(got === false ? 0 : 1);
