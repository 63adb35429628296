'use strict';
// What is left of the options of a layer that is made anew from its configuration.

const { tf } = require('./tf.js');
const { anew } = require('./passages.js');
const { nullFor } = require('./layers.js');
const { defaults, ofNull } = require('./defaults.js');

const OF_LOOP = ['returnSequences', 'returnState', 'goBackwards', 'stateful', 'unroll'];
const OF_EVERY_LAYER = ['trainable', 'name'];

/** Another value than the default for every option but the size, and the direction. */
function otherValues() {
  const { initializers, regularizers, constraints } = tf;
  return {
    activation: 'softsign',
    useBias: false,
    kernelInitializer: initializers.randomUniform({ minval: -0.25, maxval: 0.5, seed: 3 }),
    recurrentInitializer: initializers.randomNormal({ mean: 0.5, stddev: 0.25, seed: 4 }),
    biasInitializer: initializers.constant({ value: 0.125 }),
    kernelRegularizer: regularizers.l1({ l1: 0.25 }),
    recurrentRegularizer: regularizers.l2({ l2: 0.5 }),
    biasRegularizer: regularizers.l1l2({ l1: 0.25, l2: 0.5 }),
    kernelConstraint: constraints.maxNorm({ maxValue: 2, axis: 0 }),
    recurrentConstraint: constraints.unitNorm({ axis: 1 }),
    biasConstraint: constraints.nonNeg(),
    activityRegularizer: regularizers.l2({ l2: 0.125 }),
    dropout: 0.25,
    recurrentDropout: 0.5,
    returnSequences: true,
    returnState: true,
    goBackwards: false,
    stateful: true,
    unroll: true,
    trainable: false,
    name: 'mine',
  };
}

/** In words. */
function told(value) {
  if (value?.getConfig) return `${value.getClassName()} ${told(value.getConfig())}`;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value ?? null);
  return JSON.stringify(value, Object.keys(value).sort());
}

/** What was given, and what a layer has; of a loop, in itself or in its cell. */
function compared(where, given, layer) {
  const ofLayer = [...OF_LOOP, ...OF_EVERY_LAYER];
  const left = (name) => (ofLayer.includes(name) || !layer.cell ? layer : layer.cell)[name];
  const activation = (each) => each?.getClassName?.() ?? each;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const both = name === 'activation' ? [activation(value), activation(left(name))] : [value, left(name)];
      return [where + name, both.map(told)];
    }),
  );
}

/** Of the whole of both what differs, so that it can be read. */
function wholeConfiguration(what, one, other) {
  const both = [one, other].map((layer) => JSON.parse(JSON.stringify(layer.getConfig())));
  return { [`whole configuration ${what}`.trim()]: different(...both).map((each) => JSON.stringify(each ?? null)) };
}

/** Two values without the fields that are the same in both. */
function different(one, other) {
  if (JSON.stringify(one) === JSON.stringify(other)) return [{}, {}];
  const inner = [one, other].every((each) => each !== null && typeof each === 'object' && !Array.isArray(each));
  if (!inner) return [one, other];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const unlike = names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
  const parts = unlike.map((name) => [name, different(one[name], other[name])]);
  return [0, 1].map((side) => Object.fromEntries(parts.map(([name, both]) => [name, both[side]])));
}

/** Every option of `simpleRNN`, or of `bidirectional` and both of its layers. */
function keptOptions(network, call) {
  const [layer] = network;
  const given = { ...otherValues(), units: layer.units, goBackwards: call.go_backwards };
  const one = tf.layers.simpleRNN({ ...given });
  if (layer.cells.length === 2) return ofBoth(given, one, call);
  const other = anew(one);
  const ofLayer = { ...compared('', given, other), ...wholeConfiguration('', one, other) };
  return { ...ofLayer, ...ofCells(given), ...ofWeights(given), ...notGiven() };
}

/** What is documented of options that are left alone, or given null, and what a layer has. */
function notGiven() {
  const all = [['default of ', defaults()], ['null for ', ofNull()]];
  const each = all.flatMap(([what, layers]) => layers.map(([where, layer, documented]) => [what + where, documented, layer]));
  return Object.assign({}, ...each.map((one) => compared(...one)));
}

function ofBoth(given, one, call) {
  const mergeMode = nullFor(call.merge_mode);
  const of = { mergeMode, trainable: false, name: 'both' };
  const both = tf.layers.bidirectional({ layer: one, ...of });
  const other = anew(both);
  return {
    ...compared('', of, other),
    ...compared('forward ', { ...given, name: `forward_${given.name}` }, other.forwardLayer),
    ...compared('backward ', { ...given, name: `backward_${given.name}`, goBackwards: true }, other.backwardLayer),
    ...wholeConfiguration('', both, other),
  };
}

/** The options of `simpleRNNCell` and of the loop around it, and of a loop around two cells. */
function ofCells(given) {
  const ofCell = Object.fromEntries(Object.entries(given).filter(([name]) => !OF_LOOP.includes(name)));
  const ofLoop = Object.fromEntries([...OF_LOOP, ...OF_EVERY_LAYER].map((name) => [name, given[name]]));
  const cells = [3, 4].map((units) => tf.layers.simpleRNNCell({ ...ofCell, units, name: `cell_${units}` }));
  const one = tf.layers.rnn({ cell: cells[0], ...ofLoop });
  const ofStack = { trainable: false, name: 'stack' };
  const two = tf.layers.rnn({ cell: tf.layers.stackedRNNCells({ cells, ...ofStack }), returnState: true });
  const [ofOne, ofTwo] = [anew(one), anew(two)];
  return {
    ...compared('cell ', { ...ofCell, units: 3, name: 'cell_3' }, ofOne.cell),
    ...compared('loop around a cell: ', ofLoop, ofOne),
    ...wholeConfiguration('of a loop around a cell', one, ofOne),
    ...compared('stack of cells: ', ofStack, ofTwo.cell),
    ...compared('second cell ', { ...ofCell, units: 4, name: 'cell_4' }, ofTwo.cell.cells[1]),
    ...wholeConfiguration('of a loop around two cells', two, ofTwo),
  };
}

/** What reaches the weights: the number that fills them, their regulariser and their constraint. */
function ofWeights(given) {
  const fillings = { kernel: 0.25, recurrent: 0.5, bias: 0.125 };
  const options = { units: 2 };
  for (const [weight, value] of Object.entries(fillings)) {
    options[`${weight}Initializer`] = tf.initializers.constant({ value });
    for (const each of ['Regularizer', 'Constraint']) options[weight + each] = given[weight + each];
  }
  const other = anew(tf.layers.simpleRNN(options));
  other.build([null, null, 2]);
  const found = {};
  Object.keys(fillings).forEach((weight, index) => {
    const variable = other.weights[index];
    const numbers = [...new Set(variable.read().dataSync())];
    found[`filling of ${weight}`] = [told([fillings[weight]]), told(numbers)];
    found[`constraint of ${weight}`] = [told(given[`${weight}Constraint`]), told(variable.constraint)];
  });
  found['regularisers that add to the loss'] = ['3', String(other.losses.length)];
  return found;
}

module.exports = { keptOptions };
