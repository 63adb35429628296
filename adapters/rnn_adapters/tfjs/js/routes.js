'use strict';
// The routes: each is the default one with one part changed, and what `declarations.json` says of it.

const declared = require('../declarations.json');
const { simpleRNN, unrolled, rnnOfCell, oneOrAll } = require('./layers.js');
const assemblies = require('./assemblies.js');
const passages = require('./passages.js');

/**
 * What a route is put together from.
 * backend: where it computes. assembly: how layers become a network. direction: how a layer of one direction is made.
 * returnState: whether final states are asked for. anew: what a layer goes through once it is made.
 * apply: how a layer is called. entrance: how a mask enters a model. passage: what a model goes through once it has
 * its weights. called: how a model is called.
 */
const DEFAULT = {
  backend: 'cpu',
  assembly: assemblies.Stack,
  direction: simpleRNN,
  returnState: true,
  anew: (layer) => layer,
  apply: (layer, x, given) => layer.apply(x, given),
  entrance: assemblies.unmasked,
  passage: null,
  called: (model, inputs, given) => model.apply(oneOrAll(inputs), given),
};

const model = { assembly: assemblies.Model };

const CHANGES = {
  '': {},
  unrolled: { direction: unrolled },
  'RNN of a cell': { direction: rnnOfCell },
  'RNN of cells': { assembly: assemblies.StackOfCells },
  'stacked cells': { assembly: assemblies.StackOfCells, stackedCells: true },
  cell: { assembly: assemblies.CellByHand },
  'row by row': { assembly: assemblies.RowByRow, returnState: false },
  'final states not asked for': { returnState: false },
  functional: model,
  sequential: { assembly: assemblies.InSequence, returnState: false },
  predict: { ...model, called: (made, inputs) => made.predict(oneOrAll(inputs), { batchSize: 2 }) },
  'model file': { ...model, passage: passages.throughFile },
  'model JSON': { ...model, passage: passages.throughJSON },
  configuration: { anew: passages.anew },
  'states in the input': {
    apply: (layer, x, { initialState = [], ...given }) => layer.apply(oneOrAll([x, ...initialState]), given),
  },
  masking: { ...model, entrance: assemblies.byValue },
  embedding: { ...model, entrance: assemblies.byZero },
  wasm: { backend: 'wasm' },
};

const ROUTES = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [name, { ...DEFAULT, ...change, supports: supportsOf(name) }]),
);

/** What a route supports: what the default one does, but for what it lacks, and otherwise as it says. */
function supportsOf(name) {
  const { lacks = [], supports = {} } = declared.routes[name] ?? {};
  const kept = Object.entries(declared.supports).filter(([ability]) => !lacks.includes(ability));
  return { ...Object.fromEntries(kept), ...supports };
}

/** The answer to `hello`, but for the versions. */
function declarations() {
  const routes = Object.entries(declared.routes).map(([name, { kind, what, expensive, ...own }]) => {
    const conventions = own.conventions && { ...declared.conventions, ...own.conventions };
    const supports = own.lacks || own.supports ? ROUTES[name].supports : undefined;
    return [name, { kind, what, expensive, conventions, supports }];
  });
  const { conventions, supports } = declared;
  return { conventions, supports, routes: Object.fromEntries(routes) };
}

module.exports = { ROUTES, declarations };
