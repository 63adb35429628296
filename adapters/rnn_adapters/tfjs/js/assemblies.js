'use strict';
// How layers become a network, and how a mask enters it.

const { tf } = require('./tf.js');
const { CannotExpress } = require('./written.js');
const { optionsOf, simpleRNNCell, loopGiven, layerOf, directionsOf, byCell, flat } = require('./layers.js');

/** The options of each layer, bottom first: those of the call are the top one's. */
function optionsOfLayers(network, options) {
  const lower = { ...options, returnSequences: true, goBackwards: false, mergeMode: 'concat' };
  return network.map((_, index) => (index === network.length - 1 ? options : lower));
}

/** The layers of a network, not built yet. */
function madeLayers(route, network, options) {
  const of = optionsOfLayers(network, { ...options, returnState: route.returnState });
  return network.map((layer, index) => route.anew(layerOf(route.direction, layer, of[index])));
}

/** Build layers for an input of any batch and time, but for the batch of stateful ones. */
function built(layers, network, options) {
  layers.forEach((layer, index) => {
    layer.apply(tf.input({ batchShape: [options.statefulBatch, null, network[index].inputs] }));
  });
  return layers;
}

/** Layers that are called one after the other. */
class Stack {
  static planOf(route, call) {
    return { options: optionsOf(call) };
  }

  constructor(route, network, plan) {
    this.route = route;
    this.network = network;
    this.plan = plan;
    this.outputs = plan.options.mergeMode === 'none' ? 2 : 1;
    this.layers = this.made();
  }

  made() {
    return built(madeLayers(this.route, this.network, this.plan.options), this.network, this.plan.options);
  }

  /** The native weights of every cell, as they are held now. */
  get weights() {
    return this.layers.flatMap((layer) => byCell(layer, layer.getWeights()));
  }

  /** Set the weights of every cell. */
  give(weights) {
    const left = weights.values();
    for (const layer of this.layers) {
      layer.setWeights(byCell(layer, layer.getWeights()).flatMap(() => left.next().value));
    }
  }

  /** The variables of every cell, as training takes them. */
  get variables() {
    return this.layers.flatMap((layer) => layer.trainableWeights.map((weight) => weight.read()));
  }

  /** What is given first: the input, and a mask beside it. */
  first(call) {
    return [call.x];
  }

  /** Outputs and final states, one after the other. */
  call([x], states, mask, training) {
    return this.through(x, (layer, index) => ({
      ...(states ? { initialState: states[index] } : {}),
      ...(mask ? { mask } : {}),
      ...(training ? { training } : {}),
    }));
  }

  /** What the layers return that are applied one after the other, with what is given to each. */
  through(x, given) {
    let [outputs, finals] = [[x], []];
    this.layers.forEach((layer, index) => {
      const returned = flat(this.route.apply(layer, outputs[0], given(layer, index)));
      const count = index === this.layers.length - 1 ? this.outputs : 1;
      outputs = returned.slice(0, count);
      finals = [...finals, ...returned.slice(count)];
    });
    return [...outputs, ...finals];
  }

  /** The outputs as one: those of two directions side by side. */
  joined(outputs) {
    return outputs.length === 1 ? outputs[0] : tf.concat(outputs, -1);
  }

  /** The other way round. */
  parted(sequence) {
    return tf.split(sequence, this.outputs, -1);
  }

  countParameters() {
    return this.layers.reduce((sum, layer) => sum + layer.countParams(), 0);
  }

  nativeShapes(call, outputs) {
    return { x: call.x.shape, sequence: this.joined(outputs).shape };
  }

  resetStates() {
    for (const layer of this.layers) layer.resetStates();
  }

  /** The layers that keep states, one for each direction, each with those of now. */
  keptStates() {
    if (this.plan.options.statefulBatch === null) return [];
    return this.layers.flatMap(directionsOf).map((layer) => [layer, layer.states.map((each) => each.clone())]);
  }

  dispose() {
    for (const layer of this.layers) for (const weight of layer.weights) weight.dispose();
  }
}

/** One loop around all cells of a stack. */
class StackOfCells extends Stack {
  made() {
    const cells = this.network.map((layer) => simpleRNNCell(layer.cells[0], this.plan.options));
    const cell = this.route.stackedCells ? tf.layers.stackedRNNCells({ cells }) : cells;
    const layer = tf.layers.rnn({ cell, ...loopGiven({ ...this.plan.options, returnState: this.route.returnState }) });
    return built([layer], this.network, this.plan.options);
  }

  /** tf.layers takes and gives the states of the top cell first. */
  call([x], states, mask, training) {
    const given = {
      ...(states ? { initialState: flat(states).reverse() } : {}),
      ...(mask ? { mask } : {}),
      ...(training ? { training } : {}),
    };
    const [output, ...finals] = this.through(x, () => given);
    return [output, ...finals.reverse()];
  }
}

/** A cell that is called for each step. */
class CellByHand extends Stack {
  made() {
    const cell = simpleRNNCell(this.network[0].cells[0], this.plan.options);
    cell.build([null, this.network[0].inputs]);
    cell.built = true;
    return [cell];
  }

  call([x], states, mask, training) {
    if (x.rank !== 3 || !x.shape[1]) throw new CannotExpress('a loop over steps needs steps');
    const [cell] = this.layers;
    let [h] = states?.[0] ?? [tf.zeros([x.shape[0], cell.units])];
    const outputs = [];
    for (const step of x.unstack(1)) {
      const [output, ...rest] = cell.apply([step, h], training ? { training } : {});
      outputs.push(output);
      [h] = rest;
    }
    return [tf.stack(outputs, 1), h];
  }

  nativeShapes(call, [sequence]) {
    return { x: [call.x.shape[0], ...call.x.shape.slice(2)], sequence: [sequence.shape[0], sequence.shape[2]] };
  }
}

/** `timeDistributed` of a layer: the rows of the batch in the place of time, each a batch of one. */
class RowByRow extends Stack {
  made() {
    const layers = madeLayers(this.route, this.network, this.plan.options);
    return layers.map((layer, index) => {
      const made = tf.layers.timeDistributed({ layer });
      made.apply(tf.input({ batchShape: [1, null, null, this.network[index].inputs] }));
      return made;
    });
  }

  call([x], states, mask, training) {
    if (x.rank === 3 && !x.shape[0]) throw new CannotExpress('a batch of no rows: there is no row to be distributed');
    return super.call([x.expandDims(0)], states, mask, training).map((each) => each.squeeze([0]));
  }

  nativeShapes(call, outputs) {
    return Object.fromEntries(Object.entries(super.nativeShapes(call, outputs)).map(([k, s]) => [k, [1, ...s]]));
  }
}

// How a mask enters a model.

/** Nothing masks. */
const unmasked = {
  of: () => null,
  symbols: (network, batch) => {
    const x = tf.input({ batchShape: [batch, null, network[0].inputs] });
    return [x, x];
  },
  tensor: (model, call) => call.x,
};

/** `masking`: steps that hold this number in every feature are masked; no valid step does. */
const byValue = {
  of: (call) => (call.mask ? markingValue(ofEveryStep(call)) : null),
  symbols: (network, batch, value) => {
    const [x] = unmasked.symbols(network, batch);
    return [x, value === null ? x : tf.layers.masking({ maskValue: value }).apply(x)];
  },
  tensor: (model, call) => (call.mask ? marked(call, markingValue(call)) : call.x),
};

/** `embedding`: steps as numbers, zero where masked, which it turns into vectors. */
const byZero = {
  of: (call) => (call.mask ? 256 * (1 + Math.floor(ofEveryStep(call).mask.size / 256)) : null),
  symbols: (network, batch, size) => {
    if (size === null) return unmasked.symbols(network, batch);
    const numbers = tf.input({ batchShape: [batch, null] });
    const embedding = tf.layers.embedding({ inputDim: size, outputDim: network[0].inputs, maskZero: true });
    return [numbers, embedding.apply(numbers)];
  },
  tensor: (model, call) => {
    if (!call.mask) return call.x;
    const embedding = model.layers[1];
    const rows = call.x.reshape([-1, call.x.shape[2]]);
    const [size, width] = embedding.getWeights()[0].shape;
    embedding.setWeights([tf.concat([tf.zeros([1, width]), rows, tf.zeros([size - 1 - rows.shape[0], width])])]);
    const numbers = tf.range(1, call.mask.size + 1).reshape(call.mask.shape);
    return tf.where(call.mask.cast('bool'), numbers, tf.zerosLike(numbers));
  },
};

/** The call, if its mask can stand in its input: `where` and `range` would take one of another shape all the same. */
function ofEveryStep(call) {
  const [got, expected] = [call.mask.shape, call.x.shape.slice(0, 2)].map(String);
  if (got !== expected) throw new Error(`mask: expected shape ${expected}, as the input has it; got ${got}`);
  return call;
}

/** A number that no valid step holds in every feature, and at least one holds in one feature, if it can be. */
function markingValue({ x, mask }) {
  const [rows, valid] = [x.reshape([-1, x.shape[2]]).arraySync(), mask.dataSync()];
  const taken = rows.filter((_, index) => valid[index]);
  const finite = taken.map(([first]) => first).filter(Number.isFinite);
  const candidates = finite.length ? [...finite, ...taken.map((_, index) => index), taken.length] : [0];
  return candidates.find((value) => !taken.some((row) => row.every((each) => each === value)));
}

/** The input with this number wherever it is masked. */
function marked({ x, mask }, value) {
  const everywhere = mask.cast('bool').expandDims(-1).tile([1, 1, x.shape[2]]);
  return tf.where(everywhere, x, tf.fill(x.shape, value));
}

/** A functional model of all layers: initial states are inputs, and final states outputs. */
class Model extends Stack {
  static planOf(route, call) {
    return { ...Stack.planOf(route, call), states: call.states !== null, entrance: route.entrance.of(call) };
  }

  made() {
    const layers = madeLayers(this.route, this.network, this.plan.options);
    this.layers = layers;
    this.model = this.modelled();
    return layers;
  }

  modelled() {
    const { options, entrance = null, states: given } = this.plan;
    const [input, x] = this.route.entrance.symbols(this.network, options.statefulBatch, entrance);
    const symbol = ({ units }) => tf.input({ batchShape: [options.statefulBatch, units] });
    const states = given ? this.network.map(({ cells }) => cells.map(symbol)) : null;
    const outputs = Stack.prototype.call.call(this, [x], states, null, false);
    return tf.model({ inputs: [input, ...flat(states ?? [])], outputs });
  }

  /** The model that is called in the end is what comes out of a passage. */
  async pass() {
    this.model = await this.route.passage(this.model);
    this.layers = recurrent(this.model);
  }

  first(call) {
    return [this.route.entrance.tensor(this.model, call)];
  }

  call([x], states, mask, training) {
    return flat(this.route.called(this.model, [x, ...flat(states ?? [])], training ? { training } : {}));
  }
}

/** A `sequential` model: no states, no mask, and one output. */
class InSequence extends Model {
  modelled() {
    const model = tf.sequential();
    const batchInputShape = [this.plan.options.statefulBatch, null, this.network[0].inputs];
    model.add(tf.layers.inputLayer({ batchInputShape }));
    for (const layer of this.layers) model.add(layer);
    return model;
  }
}

/** The recurrent layers of a model, bottom first. */
const recurrent = (model) => model.layers.filter((layer) => layer.cell || layer.forwardLayer);

module.exports = {
  Stack, StackOfCells, CellByHand, RowByRow, Model, InSequence, unmasked, byValue, byZero, marked, markingValue,
  recurrent,
};
