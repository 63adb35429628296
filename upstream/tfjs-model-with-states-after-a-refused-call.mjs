/*
 * A stateful layer of a model that takes initial states cannot be reset.
 *
 * Clause ERR-9 of rnn-conformance: stateful layers go on from where they were.
 */

import tf from '@tensorflow/tfjs';

const [x, state] = [tf.input({ batchShape: [1, null, 1] }), tf.input({ batchShape: [1, 1] })];
const layer = tf.layers.simpleRNN({ units: 1, stateful: true });
tf.model({ inputs: [x, state], outputs: layer.apply(x, { initialState: [state] }) });
console.log('tf', tf.version.tfjs, '\nexpected', 'nothing');
layer.resetStates();
