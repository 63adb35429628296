/*
 * In a model, a layer after one that returns its last output is given the mask of the time steps all the same.
 *
 * Clause SHP-6 of rnn-conformance: no mask is handed on with a last output.
 */

import tf from '@tensorflow/tfjs';

let got = null;
class Reader extends tf.layers.Layer {
  static className = 'Reader';
  call([x], { mask }) {
    got = mask?.arraySync?.() ?? null;
    return x;
  }
}
const x = tf.input({ shape: [null, 1] });
const last = tf.layers.simpleRNN({ units: 1 }).apply(tf.layers.masking().apply(x));
tf.model({ inputs: x, outputs: new Reader().apply(last) }).predict(tf.tensor([[[1], [2], [0]]]));
console.log('tf', tf.version.tfjs, '\nexpected', null, 'as the last output has no time steps');
console.log('got     ', got);
process.exit(got === null ? 0 : 1);
