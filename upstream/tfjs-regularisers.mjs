/*
 * simpleRNN takes an activityRegularizer and drops it.
 *
 * Clause CFG-2 of rnn-conformance: every option survives its configuration.
 */

import tf from '@tensorflow/tfjs';

const layer = tf.layers.simpleRNN({ units: 1, activityRegularizer: tf.regularizers.l2() });
const other = tf.layers.dense({ units: 1, activityRegularizer: tf.regularizers.l2() });
const [expected, got] = [other, layer].map((each) => each.getConfig().activityRegularizer?.className ?? null);
console.log('tf', tf.version.tfjs);
console.log('expected', expected, 'as dense has it');
console.log('got     ', got);
process.exit(got === expected ? 0 : 1);
