'use strict';
// What is loaded, and the answers to requests about it.

const { tf, onBackend, seedrandom } = require('./tf.js');
const { Failed, readTensor, writeTensor } = require('./written.js');
const { readNetwork, readCall, readStates, readWeights } = require('./network.js');
const { writeNetwork, writeStates, writeWeights } = require('./network.js');
const { USUAL } = require('./layers.js');
const { recurrent } = require('./assemblies.js');
const { ROUTES, declarations } = require('./routes.js');
const { gradients, secondGradients } = require('./derivatives.js');
const { inferredShapes, handedMasks, defaultStates } = require('./surface.js');
const { keptOptions } = require('./configuration.js');
const { countTrainable, trained } = require('./training.js');
const { throughFile } = require('./passages.js');

const ROLES = ['W_x', 'W_h', 'b'];
const PLAIN = { options: USUAL };

/** What was put together, by route, sizes, options and plan: it is used again with other weights. */
const assembled = new Map();

/** A network, and what was put together to call it; what was first put together holds its weights. */
class Loaded {
  constructor(route, network) {
    Object.assign(this, { route, network, ready: new Map(), main: null });
  }

  /** What is called by this plan, with the weights of now. */
  async readyFor(plan) {
    const key = JSON.stringify(plan);
    if (!this.ready.has(key)) {
      const made = await this.assembled(plan, key);
      this.ready.set(key, made);
      if (!this.main) {
        made.give(tensorsOf(this.network));
        this.main = made;
        if (this.route.passage) await made.pass();
      }
      if (plan.options.statefulBatch !== null) made.resetStates();
    }
    const ready = this.ready.get(key);
    if (ready !== this.main) {
      ready.give(this.main.weights);
      if (this.route.passage) await ready.pass();
    }
    return ready;
  }

  /**
   * Put together once for sizes, options and plan; the weights are any. A passage is gone through every time, and
   * dropout begins anew.
   */
  async assembled(plan, key) {
    const make = () => new this.route.assembly(this.route, this.network, plan);
    if (this.route.passage || plan.options.dropout) return make();
    const sizes = this.network.map(({ cells }) => cells.map(({ weights, ...rest }) => rest));
    const whole = JSON.stringify([this.route.name, sizes, key]);
    if (!assembled.has(whole)) assembled.set(whole, make());
    return assembled.get(whole);
  }

  readyOf(call) {
    return this.readyFor(this.route.assembly.planOf(this.route, call));
  }

  async held() {
    return this.main ?? this.readyFor(PLAIN);
  }
}

/** The weights of a network as tensors, cell by cell. */
function tensorsOf(network) {
  const cells = network.flatMap((layer) => layer.cells);
  return cells.map(({ weights }) => weights.map(({ shape, values }) => tf.tensor(Float32Array.from(values), shape)));
}

let loaded = null;

/** The network that is loaded; requests about none are a mistake. */
function current() {
  if (!loaded) throw new Failed('expected a network to be loaded; got none');
  return loaded;
}

async function routeOf(name = '') {
  if (!Object.hasOwn(ROUTES, name)) throw new Failed(`route: there is no ${name}`);
  await onBackend(ROUTES[name].backend);
  return { name, ...ROUTES[name] };
}

/** What is differentiated: the outputs as a function of input and states, their values, and the cotangents. */
async function computation(request) {
  const { route, network } = current();
  const call = readCall(request.call);
  const ready = await loaded.readyOf(call);
  const finals = route.supports.final_states ? request.d_final_states.flatMap(readStates) : [];
  const outputs = ([x, ...states]) => ready.call([x], byLayer(network, states), call.mask, call.training);
  const cotangents = [...ready.parted(readTensor(request.d_sequence)), ...finals];
  return { network, ready, outputs, inputs: [...ready.first(call), ...(call.states ?? []).flat()], cotangents };
}

/** Layers keep the states of calls, and not those of derivatives, which call them, too. */
async function derived(request, derive) {
  const { network, ready, outputs, inputs, cotangents } = await computation(request);
  const kept = ready.keptStates();
  try {
    return writeGradients(network, derive(outputs, inputs, ready.variables, cotangents));
  } finally {
    for (const [layer, states] of kept) layer.resetStates(states);
  }
}

/** States in a row as those of each layer. */
function byLayer(network, states) {
  const left = states.values();
  return network.map(({ cells }) => cells.map(() => left.next().value));
}

/** Written gradients of what was found for input, states and variables. */
function writeGradients(network, [x, ...found]) {
  const cells = network.flatMap((layer) => layer.cells);
  const [states, left] = [found.slice(0, cells.length), found.slice(cells.length).values()];
  const ofCells = cells.map((cell) => writeWeights(cell.weights.map(() => left.next().value)));
  return { x: writeTensor(x), initial_states: writeStates(network, states), cells: ofCells };
}

const ANSWERS = {
  hello: () => ({
    protocol: 1,
    name: 'tfjs',
    versions: { tfjs: tf.version.tfjs, node: process.versions.node },
    ...declarations(),
  }),

  async load({ network, route }) {
    loaded = null;
    loaded = new Loaded(await routeOf(route), readNetwork(network));
    return {};
  },

  async run(request) {
    const { network, route } = current();
    const call = readCall(request.call);
    const ready = await loaded.readyOf(call);
    const found = ready.call(ready.first(call), call.states, call.mask, call.training);
    const outputs = found.slice(0, ready.outputs);
    const finals = found.slice(ready.outputs);
    const shapes = ready.nativeShapes(call, outputs);
    if (!call.return_sequences) delete shapes.sequence;
    if (finals.length) shapes.final_states = finals[0].shape;
    return {
      [call.return_sequences ? 'sequence' : 'last']: writeTensor(ready.joined(outputs)),
      final_states: finals.length ? writeStates(network, finals) : undefined,
      native_shapes: shapes,
    };
  },

  gradients: (request) => derived(request, gradients),

  second_gradients: (request) => {
    const { x, initial_states: states, cells } = request.direction;
    const direction = [readTensor(x), ...states.flatMap(readStates), ...cells.flatMap(readWeights)];
    return derived(request, (...given) => secondGradients(...given, direction));
  },

  async read_weights() {
    const { network } = current();
    return writeNetwork(network, (await loaded.held()).weights);
  },

  async native_weights() {
    current();
    const { weights } = await loaded.held();
    return weights.map((cell) => Object.fromEntries(cell.map(({ shape }, index) => [ROLES[index], shape])));
  },

  async count_parameters() {
    current();
    return (await loaded.held()).countParameters();
  },

  async assign_weights({ network }) {
    current();
    (await loaded.held()).give(tensorsOf(readNetwork(network)));
    return {};
  },

  /** By the file of a model around the layers. */
  async restored() {
    const { route, network } = current();
    const held = await loaded.readyFor(PLAIN);
    const input = tf.input({ shape: [null, network[0].inputs] });
    const outputs = held.through(input, () => ({}));
    const model = await throughFile(tf.model({ inputs: input, outputs }));
    const again = Object.create(held);
    again.layers = recurrent(model);
    loaded = new Loaded(route, network);
    loaded.main = again;
    loaded.ready.set(JSON.stringify(PLAIN), again);
    return {};
  },

  reset_states() {
    for (const ready of current().ready.values()) {
      if (ready.plan.options.statefulBatch !== null) ready.resetStates();
    }
    return {};
  },

  /** Initialisers without a seed draw one by `Math.random`, which is all that can be seeded. */
  async freshly_initialised({ like, seed, route }) {
    loaded = null;
    const [taken, network, before] = [await routeOf(route), readNetwork(like), Math.random];
    Math.random = seedrandom(String(seed));
    try {
      return writeNetwork(network, new taken.assembly(taken, network, { options: { ...USUAL, fresh: true } }).weights);
    } finally {
      Math.random = before;
    }
  },

  async inferred_shapes(request) {
    current();
    const call = readCall(request.call);
    return inferredShapes(await loaded.readyOf(call), call, request.unknown ?? []);
  },

  /** A model is called for it: layers that keep states would go on from there, so that others are asked. */
  async handed_masks(request) {
    const { route, network } = current();
    const call = readCall(request.call);
    if (!call.stateful) return handedMasks(await loaded.readyOf(call), call);
    const others = new Loaded(route, network);
    return handedMasks(await others.readyFor({ ...route.assembly.planOf(route, call), apart: true }), call);
  },

  kept_options: ({ call }) => keptOptions(current().network, readCall(call)),

  async default_states(request) {
    const { network } = current();
    const call = readCall(request.call);
    const ready = await loaded.readyOf(call);
    return writeStates(network, defaultStates(ready, call));
  },

  count_trainable: ({ frozen = [] }) => countTrainable(current().route, current().network, frozen),

  async trained({ call, training }) {
    const { route, network } = current();
    const { weights } = await loaded.held();
    return trained(route, network, readCall(call), training, weights);
  },

  global_state: async ({ route }) => ({
    backend: (await routeOf(route)).backend,
    production: String(tf.env().getBool('PROD')),
    checks: String(tf.env().getBool('DEBUG')),
  }),

  drop_caches() {
    loaded = null;
    for (const each of assembled.values()) each.dispose();
    assembled.clear();
    return {};
  },

  bye: () => ({}),
};

module.exports = { ANSWERS };
