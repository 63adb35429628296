/*
 * A call after one in training that was refused for the size of its state is refused, too.
 *
 * Clause ERR-9 of rnn-conformance: a refused call leaves nothing behind.
 */

import tf from '@tensorflow/tfjs';

const layer = tf.layers.rnn({ cell: tf.layers.simpleRNNCell({ units: 1, recurrentDropout: 0.5 }) });
const called = (units) => layer.apply(tf.ones([1, 2, 1]), { initialState: [tf.ones([1, units])], training: true });
layer.apply(tf.input({ shape: [null, 1] }));
try {
  called(2);
} catch (error) {
  console.log('refused ', error.message);
}
console.log('tf', tf.version.tfjs, '\nexpected', 'an output');
console.log('got     ', called(1).arraySync());
