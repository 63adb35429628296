'use strict';
// What TensorFlow.js says of options that are not given, and what a layer then has.
//
// It says so in the declarations that it ships, of which its pages are made (tfjs-layers, dist/layers/recurrent.d.ts,
// wrappers.d.ts and engine/topology.d.ts). Nothing is asked of options of which they say nothing.

const { tf } = require('./tf.js');

const OF_EVERY_LAYER = { trainable: true };
const OF_LOOP = { goBackwards: false, stateful: false, unroll: false };
const OF_BOTH_DIRECTIONS = { mergeMode: 'concat' };

const ofCell = () => ({
  activation: 'tanh',
  kernelInitializer: tf.initializers.glorotNormal({ seed: null }),
  recurrentInitializer: tf.initializers.orthogonal({}),
});

/** By layer, what holds its options in what is documented: a layer is a loop around a cell that it makes. */
function defaults() {
  const layer = () => tf.layers.simpleRNN({ units: 3 });
  const cell = tf.layers.simpleRNNCell({ units: 3 });
  const [one, loop] = [layer(), tf.layers.rnn({ cell })];
  return [
    ['cell: ', cell, { ...ofCell(), ...OF_EVERY_LAYER }],
    ['layer: ', one, { ...ofCell(), ...OF_LOOP, ...OF_EVERY_LAYER }],
    ['loop around a cell: ', loop, { ...OF_LOOP, ...OF_EVERY_LAYER }],
    ['both directions: ', tf.layers.bidirectional({ layer: layer() }), { ...OF_BOTH_DIRECTIONS, ...OF_EVERY_LAYER }],
  ];
}

/** The same of options for which null is given, which is documented to be none. */
function ofNull() {
  const given = { units: 3, activation: null };
  return [
    ['cell: ', tf.layers.simpleRNNCell({ ...given }), { activation: 'linear' }],
    ['layer: ', tf.layers.simpleRNN({ ...given }), { activation: 'linear' }],
  ];
}

module.exports = { defaults, ofNull };
