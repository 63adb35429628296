/*
 * With an input of no features the backend wasm computes with whatever stood in its memory.
 *
 * Clause EDG-4 of rnn-conformance: input of no features.
 */

import tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

await tf.setBackend('wasm');

const x = [[[], [], [], []], [[], [], [], []], [[], [], [], []], [[], [], [], []]];
const W_x = [[], [], []];
const W_h = [[0.5, -0.25, 1], [0.75, 0.5, 0.25], [-0.5, 0.125, 0.25]];
const b = [0.25, 0.5, 0.75];

const layer = tf.layers.simpleRNN({ units: 3, returnSequences: true, returnState: true });
layer.apply(tf.input({ batchShape: [null, null, 0] }));
layer.setWeights([tf.tensor(W_x, [3, 0]).transpose(), tf.tensor(W_h).transpose(), tf.tensor(b)]);

const [y, ...states] = [layer.apply(tf.tensor(x, [4, 4, 0]))].flat(Infinity);
const got = [y.arraySync()].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.24491866240370913, 0.46211715726000974, 0.6351489523872873, 0.71241906857184, 0.7907892538810171, 0.6879706682866098, 0.7992321091998569, 0.9219242892748296, 0.5814375920714592, 0.761834517651938, 0.9361234829084287, 0.5448193061736353, 0.24491866240370913, 0.46211715726000974, 0.6351489523872873, 0.71241906857184, 0.7907892538810171, 0.6879706682866098, 0.7992321091998569, 0.9219242892748296, 0.5814375920714592, 0.761834517651938, 0.9361234829084287, 0.5448193061736353, 0.24491866240370913, 0.46211715726000974, 0.6351489523872873, 0.71241906857184, 0.7907892538810171, 0.6879706682866098, 0.7992321091998569, 0.9219242892748296, 0.5814375920714592, 0.761834517651938, 0.9361234829084287, 0.5448193061736353, 0.24491866240370913, 0.46211715726000974, 0.6351489523872873, 0.71241906857184, 0.7907892538810171, 0.6879706682866098, 0.7992321091998569, 0.9219242892748296, 0.5814375920714592, 0.761834517651938, 0.9361234829084287, 0.5448193061736353];
console.log('tf', tf.version.tfjs, '\nexpected', ...expected, '\ngot     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 2.15e-06) ? 0 : 1);
