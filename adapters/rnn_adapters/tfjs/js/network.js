'use strict';
// Networks and calls as they are handed over, and weights as tf.layers holds them and back.

const { tf } = require('./tf.js');
const { Failed, readArray, readTensor, writeTensor } = require('./written.js');

/** The fields of a call that have a default. */
const CALL = {
  return_sequences: true,
  go_backwards: false,
  merge_mode: 'concat',
  stateful: false,
  training: false,
  dropout: null,
  rate: 0,
};

/** A layer of a network: sizes, options and its cells, forward before backward, each with native weights. */
function readNetwork(data) {
  if (!Array.isArray(data?.layers)) throw new Failed('network: expected layers');
  if (data.dtype !== 'float32') throw new Error(`expected float32, the one float type there is; got ${data.dtype}`);
  return data.layers.map((layer) => {
    const cells = [layer.forward, layer.backward].filter(Boolean).map(readCell);
    if (!cells.length) throw new Failed('network: expected a layer with a cell');
    return { cells, inputs: cells[0].inputs, units: cells[0].units };
  });
}

/** A cell: kernel (input, hidden), recurrent kernel (state, hidden), and a bias where it has any. */
function readCell(data) {
  const [kernel, recurrent] = [data.W_x, data.W_h].map((each) => turned(readArray(each)));
  const biases = [data.b, data.b_h].filter(Boolean).map((each) => readArray(each).values);
  const bias = biases.length === 2 ? biases[0].map((each, i) => Math.fround(each + biases[1][i])) : biases[0];
  return {
    inputs: kernel.shape[0],
    units: kernel.shape[1],
    activation: data.activation ?? 'tanh',
    useBias: bias !== undefined,
    weights: [kernel, recurrent, ...(bias ? [{ shape: [bias.length], values: bias }] : [])],
  };
}

/** A matrix the other way round. */
function turned({ shape: [rows, columns], values }) {
  const other = Array.from({ length: rows * columns }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
  return { shape: [columns, rows], values: other };
}

/** Written weights, or what has their shapes, of native tensors: those of one cell. */
function writeWeights([kernel, recurrent, bias]) {
  const written = { W_x: writeTensor(kernel.transpose()), W_h: writeTensor(recurrent.transpose()) };
  return bias === undefined ? written : { ...written, b: writeTensor(bias) };
}

/** The native tensors of written weights, or of what has their shapes. */
function readWeights(data) {
  return readCell(data).weights.map(({ shape, values }) => tf.tensor(Float32Array.from(values), shape));
}

/** The written network of native tensors, cell by cell, with the options of another. */
function writeNetwork(network, weightsOfCells) {
  const left = weightsOfCells.values();
  const layers = network.map(({ cells }) => {
    const [forward, backward] = cells.map(({ activation }) => ({ ...writeWeights(left.next().value), activation }));
    return { forward, backward };
  });
  return { dtype: 'float32', layers };
}

/** A call: its arrays as tensors; states by layer, each (batch, hidden), as many as are given. */
function readCall(data) {
  const options = Object.fromEntries(Object.entries(CALL).map(([name, usual]) => [name, data[name] ?? usual]));
  return {
    ...options,
    x: readTensor(data.x),
    mask: data.mask == null ? null : readTensor(data.mask, 'bool'),
    states: data.initial_states == null ? null : data.initial_states.map(readStates),
  };
}

/** The states of a layer, one for each direction. */
function readStates(data) {
  return readTensor(data).unstack();
}

/** Written states of a flat list in the order of the cells. */
function writeStates(network, states) {
  const left = states.values();
  return network.map(({ cells }) => writeTensor(tf.stack(cells.map(() => left.next().value))));
}

module.exports = { readNetwork, readCall, readStates, readWeights, writeNetwork, writeStates, writeWeights };
