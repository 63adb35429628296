/*
 * A model of several recurrent layers that take initial states cannot be trained.
 *
 * Clause TRN-2 of rnn-conformance: a step trains stacks and both directions.
 */

import tf from '@tensorflow/tfjs';

const x = tf.input({ shape: [null, 1] });
const states = [tf.input({ shape: [1] }), tf.input({ shape: [1] })];
let y = x;
for (const state of states) {
  const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true });
  y = layer.apply(y, { initialState: [state] });
}
const model = tf.model({ inputs: [x, ...states], outputs: y });
model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
console.log('tf', tf.version.tfjs);
console.log('expected', 'a loss');
console.log('got     ', await model.trainOnBatch([tf.ones([1, 2, 1]), tf.ones([1, 1]), tf.ones([1, 1])], tf.ones([1, 2, 1])));
