/*
 * Gradients of gradients of elu, leaky_relu and hard_sigmoid raise an error.
 *
 * Clause GRD-16 of rnn-conformance: gradients of gradients through every activation.
 */

import tf from '@tensorflow/tfjs';

const expected = 0; // of elu above 0, which is x there
console.log('tf', tf.version.tfjs, '\nexpected', expected);
const got = tf.grad(tf.grad(tf.elu))(tf.scalar(1)).arraySync();
console.log('got     ', got);
process.exit(got === expected ? 0 : 1);
