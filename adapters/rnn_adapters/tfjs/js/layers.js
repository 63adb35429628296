'use strict';
// How a layer is made: the small parts that a route is put together from.

const { tf } = require('./tf.js');
const { activationGiven } = require('./activations.js');

/** What a call decides and tf.layers wants to know when a layer is made: that of the top layer. */
const USUAL = {
  returnSequences: true,
  goBackwards: false,
  mergeMode: 'concat',
  statefulBatch: null,
  dropout: null,
  rate: 0,
  fresh: false,
};

/** The options of a call. */
function optionsOf(call) {
  return {
    returnSequences: call.return_sequences,
    goBackwards: call.go_backwards,
    mergeMode: call.merge_mode,
    statefulBatch: call.stateful ? call.x.shape[0] : null,
    dropout: call.dropout,
    rate: call.dropout ? call.rate : 0,
    fresh: false,
  };
}

/** The arguments of a cell, where they are not the defaults. */
function cellGiven(cell, options) {
  const given = { units: cell.units };
  if (cell.activation !== 'tanh') given.activation = activationGiven(cell.activation);
  if (!cell.useBias) given.useBias = false;
  if (!options.fresh) given.recurrentInitializer = 'zeros'; // the default takes seconds for 128 units
  if (options.dropout) given[options.dropout === 'input' ? 'dropout' : 'recurrentDropout'] = options.rate;
  return given;
}

/** The arguments of the loop around a cell, where they are not the defaults. */
function loopGiven(options) {
  const given = {};
  if (options.returnSequences) given.returnSequences = true;
  if (options.returnState) given.returnState = true;
  if (options.goBackwards) given.goBackwards = true;
  if (options.statefulBatch !== null) given.stateful = true;
  return given;
}

// One direction.

const simpleRNN = (cell, options, more = {}) =>
  tf.layers.simpleRNN({ ...cellGiven(cell, options), ...loopGiven(options), ...more });
const unrolled = (cell, options, more = {}) => simpleRNN(cell, options, { unroll: true, ...more });
const simpleRNNCell = (cell, options) => tf.layers.simpleRNNCell(cellGiven(cell, options));
const rnnOfCell = (cell, options, more = {}) =>
  tf.layers.rnn({ cell: simpleRNNCell(cell, options), ...loopGiven(options), ...more });

// Two directions.

/** `bidirectional` of a layer of one direction, from which it makes both. */
function bidirectional(direction, layer, options, more = {}) {
  const given = options.mergeMode === 'concat' ? {} : { mergeMode: nullFor(options.mergeMode) };
  return tf.layers.bidirectional({ layer: direction(layer.cells[0], options), ...given, ...more });
}

const nullFor = (mergeMode) => (mergeMode === 'none' ? null : mergeMode);

/** A layer of a network. */
function layerOf(direction, layer, options) {
  return layer.cells.length === 1 ? direction(layer.cells[0], options) : bidirectional(direction, layer, options);
}

// What a layer is made of.

/** The layers of one direction of a layer, forward before backward. */
function directionsOf(layer) {
  if (layer.forwardLayer) return [layer.forwardLayer, layer.backwardLayer];
  return layer.layer ? directionsOf(layer.layer) : [layer];
}

/** The native weights of a layer in the order of its cells: the tensors of `getWeights`, or anything for them. */
function byCell(layer, weights) {
  const cells = directionsOf(layer).flatMap((each) => each.cell?.cells ?? [each.cell ?? each]);
  const left = weights.values();
  return cells.map((cell) => (cell.useBias ? [0, 1, 2] : [0, 1]).map(() => left.next().value));
}

const flat = (returned) => [returned].flat(Infinity);

const oneOrAll = (each) => (each.length === 1 ? each[0] : each);

module.exports = {
  USUAL, optionsOf, cellGiven, loopGiven, simpleRNN, unrolled, simpleRNNCell, rnnOfCell, bidirectional, layerOf,
  nullFor, directionsOf, byCell, flat, oneOrAll,
};
