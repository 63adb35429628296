/*
 * The backend wasm gives whatever stood in its memory as gradients of weights of an empty batch.
 *
 * Clause EDG-1 of rnn-conformance: an empty batch.
 */

import tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

await tf.setBackend('wasm');
const layer = tf.layers.simpleRNN({ units: 8, returnSequences: true });
layer.apply(tf.input({ batchShape: [null, null, 8] }));
let got = 0;
for (let i = 0; i < 20; i++) {
  tf.tidy(() => tf.ones([8, 8]).mul(7).add(tf.ones([8, 8]))); // memory that is given back and taken again
  const { grads } = tf.variableGrads(() => layer.apply(tf.zeros([0, 6, 8])).sum());
  for (const grad of Object.values(grads)) got = Math.max(got, ...grad.abs().dataSync());
}
console.log('tf', tf.version.tfjs, '\nexpected', 0, '\ngot     ', got);
process.exit(got === 0 ? 0 : 1);
