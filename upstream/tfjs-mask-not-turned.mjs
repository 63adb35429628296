/*
 * A layer that goes backwards hands on the mask as it came, with outputs that are turned.
 *
 * Clause SHP-5 of rnn-conformance: the mask is handed on with the sequence output.
 */

import tf from '@tensorflow/tfjs';

const x = tf.tensor([[[1], [2], [3]]]);
const mask = tf.tensor([[true, true, false]]);
const layer = tf.layers.simpleRNN({ units: 1, returnSequences: true, goBackwards: true });
layer.apply(tf.input({ shape: [null, 1] }));
const got = [...layer.computeMask(x, mask).dataSync()].map(Boolean);
const expected = [false, true, true]; // the outputs are those of steps 2, 1, 0
console.log('tf', tf.version.tfjs);
console.log('expected', ...expected);
console.log('got     ', ...got);
process.exit(got.every((each, i) => each === expected[i]) ? 0 : 1);
