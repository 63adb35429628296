/*
 * A cell in tf.layers.rnn drops outside of training, too, what its first call in training has drawn.
 *
 * Clause DRP-7 of rnn-conformance: every call draws anew.
 */

import tf from '@tensorflow/tfjs';

const units = 64; // of which about half are dropped
const given = { kernelInitializer: 'identity', recurrentInitializer: 'zeros', activation: 'linear' };
const cell = tf.layers.simpleRNNCell({ units, dropout: 0.5, ...given });
const layer = tf.layers.rnn({ cell });
const x = tf.ones([1, 1, units]);
const [first, second] = [1, 2].map(() => layer.apply(x, { training: true }).dataSync());
const same = first.filter((value, i) => value === second[i]).length;
console.log('tf', tf.version.tfjs);
console.log('expected', 'about', units / 2, 'of', units, 'equal in two calls in training');
console.log('got     ', same);
process.exit(same < units ? 0 : 1);
