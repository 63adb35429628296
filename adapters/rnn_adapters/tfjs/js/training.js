'use strict';
// tf.layers trains: a model is compiled and fitted, and layers are kept from it.

const { tf } = require('./tf.js');
const { USUAL, bidirectional, oneOrAll } = require('./layers.js');
const { Model, byValue } = require('./assemblies.js');
const { readTensor } = require('./written.js');
const { writeNetwork } = require('./network.js');

/** Parameters that a model would train, by each way to keep layers of it from being trained. */
function countTrainable(route, network, frozen) {
  const argument = { trainable: false };
  const ways = { 'an argument': count(argument, {}), 'trainable = false': count({}, {}) };
  if (frozen.some((index) => network[index].cells.length === 2)) {
    ways['an argument of bidirectional'] = count({}, argument);
  }
  return ways;

  function count(inner, outer) {
    const model = tf.sequential();
    model.add(tf.layers.inputLayer({ inputShape: [null, network[0].inputs] }));
    const changed = (index) => (frozen.includes(index) ? [inner, outer] : [{}, {}]);
    const layers = network.map((layer, index) => withArguments(route, layer, ...changed(index)));
    for (const layer of layers) model.add(layer);
    if (inner !== argument && outer !== argument) for (const index of frozen) layers[index].trainable = false;
    return model.trainableWeights.reduce((sum, weight) => sum + weight.shape.reduce((a, b) => a * b, 1), 0);
  }
}

/** A layer with more arguments of its directions, or of `bidirectional`. */
function withArguments(route, layer, inner, outer) {
  const direction = (cell, options) => route.direction(cell, options, inner);
  if (layer.cells.length === 1) return direction(layer.cells[0], USUAL);
  return bidirectional(direction, layer, USUAL, outer);
}

/**
 * Train a functional model of new layers, compiled to descend the gradient of Σ d · outputs. Directions that are not
 * merged are two outputs, each with a loss; the sum of all is told first.
 */
async function trained(route, network, call, { d_sequence, rate, steps = 1, frozen = [] }, weights) {
  const masked = { ...route, entrance: byValue };
  const made = new Model(masked, network, Model.planOf(masked, call));
  made.give(weights);
  for (const index of frozen) made.layers[index].trainable = false;
  const model = tf.model({ inputs: made.model.inputs, outputs: made.model.outputs.slice(0, made.outputs) });
  model.compile({ optimizer: tf.train.sgd(rate), loss: (d, outputs) => tf.sum(tf.mul(d, outputs)) });
  const inputs = [...made.first(call), ...(call.states ?? []).flat()];
  const x = oneOrAll(inputs);
  const d = oneOrAll(made.parted(readTensor(d_sequence)));
  const whole = { batchSize: call.x.shape[0], verbose: 0 };
  const [networks, losses] = [[], []];
  for (let step = 0; step < steps; step += 1) {
    if (step) losses.push([await model.trainOnBatch(x, d)].flat()[0]);
    else losses.push((await model.fit(x, d, { ...whole, epochs: 1, shuffle: false })).history.loss[0]);
    networks.push(writeNetwork(network, made.weights));
  }
  losses.push([model.evaluate(x, d, whole)].flat()[0].dataSync()[0]);
  return { networks, losses };
}

module.exports = { countTrainable, trained };
