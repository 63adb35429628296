'use strict';
// What tf.layers tells of outputs without numbers: shapes, types and masks; and the states that it starts from.

const { tf } = require('./tf.js');
const { writeTensor } = require('./written.js');
const { directionsOf, flat } = require('./layers.js');
const { Stack, StackOfCells, marked, markingValue } = require('./assemblies.js');

/** By `computeOutputShape`, layer by layer, and by applying the layers to symbols. */
function inferredShapes(ready, call, unknown) {
  const batch = unknown.includes('batch') ? null : call.x.shape[0];
  const time = unknown.includes('time') ? null : call.x.shape[1];
  return {
    computeOutputShape: computedShapes(ready, [batch, time, ready.network[0].inputs], call),
    'a symbolic call': symbolicShapes(ready, batch, time, call),
  };
}

function computedShapes(ready, shape, call) {
  let [outputs, finals] = [[shape], []];
  ready.layers.forEach((layer, index) => {
    const returned = layer.computeOutputShape([...outputs[0]]);
    const shapes = Array.isArray(returned[0]) ? returned : [returned];
    const count = index === ready.layers.length - 1 ? ready.outputs : 1;
    outputs = shapes.slice(0, count);
    finals = [...finals, ...shapes.slice(count)];
  });
  if (ready instanceof StackOfCells) finals.reverse();
  const output = outputs.length === 1 ? outputs[0] : tf.layers.concatenate().computeOutputShape(outputs);
  return shapesOf(output, finals, call);
}

function symbolicShapes(ready, batch, time, call) {
  const x = tf.input({ batchShape: [batch, time, ready.network[0].inputs] });
  const symbol = ({ units }) => tf.input({ batchShape: [batch, units] });
  const states = call.states ? ready.network.map((layer) => layer.cells.map(() => symbol(layer))) : null;
  const of = ready instanceof StackOfCells ? StackOfCells : Stack;
  const found = of.prototype.call.call(ready, [x], states, null, false);
  const [outputs, finals] = [found.slice(0, ready.outputs), found.slice(ready.outputs)];
  const output = outputs.length === 1 ? outputs[0] : tf.layers.concatenate().apply(outputs);
  const types = [...new Set([output, ...finals].map(({ dtype }) => dtype))].sort().join(' and ');
  return shapesOf(output.shape, finals.map((each) => each.shape), call, types);
}

function shapesOf(output, finals, call, dtype) {
  const states = finals.length ? finals : undefined;
  return { [call.return_sequences ? 'sequence' : 'last']: output, final_states: states, dtype };
}

/** By `computeMask`, layer by layer, and what a layer after them is given in a model. */
function handedMasks(ready, call) {
  let mask = call.mask;
  for (const layer of ready.layers) [mask] = [layer.computeMask(call.x, mask)].flat();
  const found = { computeMask: mask };
  const input = tf.input({ batchShape: [ready.plan.options.statefulBatch, null, ready.network[0].inputs] });
  const value = markingValue(call);
  const of = ready instanceof StackOfCells ? StackOfCells : Stack;
  const x = tf.layers.masking({ maskValue: value }).apply(input);
  const outputs = of.prototype.call.call(ready, [x], null, null, false).slice(0, ready.outputs);
  outputs.forEach((output, index) => {
    const next = new Next();
    tf.model({ inputs: input, outputs: next.apply(output) }).apply(marked(call, value));
    found[`layer after output ${index}`] = next.given;
  });
  const written = (each) => (each == null ? null : writeTensor(each.cast('bool'), 'bool'));
  return Object.fromEntries(Object.entries(found).map(([way, each]) => [way, written(each)]));
}

/** A layer that keeps the mask that it is given. */
class Next extends tf.layers.Layer {
  static className = 'Next';

  constructor() {
    super({});
    this.supportsMasking = true;
    this.given = null;
  }

  computeOutputShape(shape) {
    return shape;
  }

  call(inputs, { mask } = {}) {
    this.given = mask ? tf.keep(mask.clone()) : null;
    return [inputs].flat()[0].clone();
  }
}

/** `getInitialState` of every layer of one direction, in the order of the cells. */
function defaultStates(ready, call) {
  const states = ready.layers.flatMap(directionsOf).flatMap((layer) => flat(layer.getInitialState(call.x)));
  return ready instanceof StackOfCells ? states.reverse() : states;
}

module.exports = { inferredShapes, handedMasks, defaultStates };
