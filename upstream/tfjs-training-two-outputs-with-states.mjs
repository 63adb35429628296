/*
 * A model of a bidirectional layer with mergeMode null that takes initial states cannot be trained.
 *
 * Clause TRN-2 of rnn-conformance: a step trains stacks and both directions.
 */

import tf from '@tensorflow/tfjs';

const [x, ...states] = [tf.input({ shape: [null, 1] }), tf.input({ shape: [1] }), tf.input({ shape: [1] })];
const inner = tf.layers.simpleRNN({ units: 1, returnSequences: true });
const layer = tf.layers.bidirectional({ layer: inner, mergeMode: null });
const model = tf.model({ inputs: [x, ...states], outputs: layer.apply(x, { initialState: states }) });
model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
const d = tf.ones([1, 2, 1]);
console.log('tf', tf.version.tfjs);
console.log('expected', 'losses');
console.log('got     ', await model.trainOnBatch([d, tf.ones([1, 1]), tf.ones([1, 1])], [d, d]));
