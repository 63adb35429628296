/*
 * simpleRNN with activation: null has tanh; it is documented to be linear.
 *
 * Clause CFG-2 of rnn-conformance: an option has the value that is documented.
 */

import tf from '@tensorflow/tfjs';

const units = 1;
const got = tf.layers.simpleRNN({ units, activation: null }).getConfig().activation;
const expected = tf.layers.lstm({ units, activation: null }).getConfig().activation;
console.log('tf', tf.version.tfjs);
console.log('expected', expected, 'as lstm has it');
console.log('got     ', got);
process.exit(got === expected ? 0 : 1);
