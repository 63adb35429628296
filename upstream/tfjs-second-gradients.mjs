/*
 * Gradients of gradients leave out how the slope of tanh and sigmoid changes: they are wrong, without a word.
 *
 * Clause GRD-16 of rnn-conformance: gradients of gradients through every activation.
 */

import tf from '@tensorflow/tfjs';

const f = (x) => tf.mul(x, tf.tanh(x));
const y = Math.tanh(1); // the second derivative of x·tanh(x) is 2 (1 - y²) (1 - x y)
const [expected, got] = [2 * (1 - y * y) * (1 - y), tf.grad(tf.grad(f))(tf.scalar(1)).arraySync()];
console.log('tf', tf.version.tfjs, '\nexpected', expected, '\ngot     ', got);
process.exit(Math.abs(got - expected) <= 40 * 2 ** -24 ? 0 : 1);
