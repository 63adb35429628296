/*
 * Gradients and training raise an error for sequences of one time step.
 *
 * Clause GRD-2 of rnn-conformance: gradient of the initial state.
 */

import tf from '@tensorflow/tfjs';

console.log('tf', tf.version.tfjs, '\nexpected', 0.5, 'as the recurrent weight is');
const layer = tf.layers.simpleRNN({ units: 1, activation: 'linear', useBias: false });
layer.apply(tf.input({ batchShape: [null, null, 1] }));
layer.setWeights([tf.tensor([[1]]), tf.tensor([[0.5]])]);
const output = (x, h0) => layer.apply(x, { initialState: [h0] }).sum();
const got = tf.grads(output)([tf.tensor([[[1]]]), tf.tensor([[0.25]])])[1].arraySync().flat();
console.log('got     ', ...got);
process.exit(got.join() === '0.5' ? 0 : 1);
