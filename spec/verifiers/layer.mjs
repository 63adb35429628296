// An RNN in plain JavaScript, in four types, with its derivatives: what verify.mjs holds against vectors.
//
// Every number stands on a tape with what it was made of. Along the tape go tangents, back along it gradients.

const FORMATS = {
  // digits, and the exponents of the smallest normal number and the largest
  float64: [53, -1022, 1023],
  float32: [24, -126, 127],
  float16: [11, -14, 15],
  bfloat16: [8, -126, 127],
};
const PARAMETERS = {
  // α and β where none are given
  elu: { alpha: 1 },
  leaky_relu: { alpha: 0.01 },
  hard_sigmoid: { alpha: 0.2, beta: 0.5 },
  affine: { alpha: 1, beta: 0 },
  scaled_tanh: { alpha: 1, beta: 1 },
};
const ACTIVATIONS = {
  // φ(z)
  tanh: Math.tanh,
  relu: (z) => (z < 0 ? 0 : z),
  sigmoid: (z) => (1 + Math.tanh(z / 2)) / 2,
  linear: (z) => z,
  softsign: (z) => z / (1 + Math.abs(z)),
  softplus: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
  elu: (z, { alpha }) => (z > 0 ? z : alpha * Math.expm1(z)),
  leaky_relu: (z, { alpha }) => (z > 0 ? z : alpha * z),
  hard_sigmoid: (z, { alpha, beta }) => Math.min(Math.max(alpha * z + beta, 0), 1),
  affine: (z, { alpha, beta }) => alpha * z + beta,
  scaled_tanh: (z, { alpha, beta }) => alpha * Math.tanh(beta * z),
};
const SLOPES = {
  // φ′ as a function of h = φ(z), and how fast that grows with h
  tanh: (h) => [1 - h * h, -2 * h],
  relu: (h) => [h > 0 ? 1 : 0, 0],
  sigmoid: (h) => [h * (1 - h), 1 - 2 * h],
  linear: () => [1, 0],
  softsign: (h) => [(1 - Math.abs(h)) ** 2, 2 * Math.sign(h) * (Math.abs(h) - 1)],
  softplus: (h) => [-Math.expm1(-h), Math.exp(-h)],
  elu: (h, { alpha }) => (h > 0 ? [1, 0] : [h + alpha, 1]),
  leaky_relu: (h, { alpha }) => [h > 0 ? 1 : alpha, 0],
  hard_sigmoid: (h, { alpha }) => [h > 0 && h < 1 ? alpha : 0, 0],
  affine: (h, { alpha }) => [alpha, 0],
  scaled_tanh: (h, { alpha, beta }) => [beta * (alpha - (h * h) / alpha), (-2 * beta * h) / alpha],
};
const MERGES = {
  sum: (f, b) => total([f, b], []),
  mul: (f, b) => total([], [[f, b]]),
  ave: (f, b) => total([], [[total([f, b], []), new Num(f.tape, 0.5)]]),
};
const ROLES = ["W_x", "W_h", "b", "b_h"];
const FIELDS = [
  ...["x", "initial_states", "lengths", "mask", "return_sequences", "go_backwards", "merge_mode"],
  ...["stateful", "training", "dropout", "rate", "compute_dtype"],
];
const BITS = new DataView(new ArrayBuffer(8));

export class Unsupported extends Error {}

const reversed = (array) => [...array].reverse();

/** The nearest number of a type; of two, the one whose last digit is even. */
function rounded(value, dtype) {
  const [digits, smallest, largest] = FORMATS[dtype];
  if (dtype === "float64" || value === 0 || !Number.isFinite(value)) return value;
  BITS.setFloat64(0, value);
  const exponent = ((BITS.getUint16(0) >> 4) & 0x7ff) - 1023;
  const unit = 2 ** (Math.max(exponent, smallest) + 1 - digits);
  const whole = 1.5 * 2 ** 52; // the numbers from here on have no digits behind the point
  const nearest = (value / unit + whole - whole) * unit;
  return Math.abs(nearest) < 2 ** (largest + 1) ? nearest : Math.sign(value) * Infinity;
}

/** All numbers in the order in which they were made, and the type that they are rounded to. */
class Tape {
  constructor(dtype) {
    this.dtype = dtype;
    this.numbers = [];
  }

  /** Every gradient to what its number was made of, from the last number to the first. */
  handBack() {
    for (const number of reversed(this.numbers)) {
      number.gradient = rounded(number.gradient, this.dtype);
      number.gradientTangent = rounded(number.gradientTangent, this.dtype);
      for (const [parent, derivative, tangent] of number.parents) {
        parent.gradient += number.gradient * derivative;
        parent.gradientTangent += number.gradientTangent * derivative + number.gradient * tangent;
      }
    }
  }
}

/** A number, and what it was made of: others, each with the derivative by it, and that one's tangent. */
class Num {
  constructor(tape, value, parents = [], tangent = 0) {
    this.tape = tape;
    this.parents = parents;
    this.value = rounded(value, tape.dtype);
    for (const [parent, derivative] of parents) tangent += parent.tangent * derivative;
    this.tangent = rounded(tangent, tape.dtype);
    this.gradient = this.gradientTangent = 0;
    tape.numbers.push(this);
  }
}

/** The sum of numbers and of products of two, rounded once. */
function total(terms, products) {
  const value = products.reduce((sum, [one, other]) => sum + one.value * other.value, 0);
  const parents = terms.map((term) => [term, 1, 0]);
  for (const [one, other] of products)
    parents.push([one, other.value, other.tangent], [other, one.value, one.tangent]);
  return new Num(parents[0][0].tape, terms.reduce((sum, term) => sum + term.value, value), parents);
}

/** φ(z), of a text such as "elu(alpha=0.5)". */
function activated(z, text) {
  const [name] = text.match(/\w+/);
  const given = [...text.matchAll(/(\w+)=([^,)]+)/g)].map(([, parameter, number]) => [parameter, Number(number)]);
  const parameters = { ...PARAMETERS[name], ...Object.fromEntries(given) };
  const h = rounded(ACTIVATIONS[name](z.value, parameters), z.tape.dtype);
  const [slope, growth] = SLOPES[name](h, parameters);
  return new Num(z.tape, h, [[z, slope, growth * slope * z.tangent]]);
}

/** The state after each step of one sequence, in the order in which the steps are taken. */
function runCell({ arrays, activation }, xs, h, valid) {
  const { W_x, W_h, b, b_h } = arrays;
  const biases = (unit) => [b, b_h].flatMap((bias) => bias?.[unit] ?? []);
  const pairs = (weights, values) => weights.map((weight, i) => [weight, values[i]]);
  return xs.map((x, t) => {
    if (valid[t])
      h = W_h.map((row, i) => activated(total(biases(i), [...pairs(W_x[i], x), ...pairs(row, h)]), activation));
    return h;
  });
}

/** Outputs at each step, directions side by side; for each layer and direction the final state. */
function runSequence(layers, xs, states, valid) {
  const finals = layers.map((layer, n) => {
    const runs = layer.map((cell, d) =>
      d ? runCell(cell, reversed(xs), states[n][d], reversed(valid)) : runCell(cell, xs, states[n][d], valid),
    );
    const aligned = runs.map((run, d) => (d ? reversed(run) : run));
    xs = xs.map((_, t) => aligned.flatMap((run) => run[t]));
    return runs.map((run, d) => run.at(-1) ?? states[n][d]);
  });
  return [xs, finals];
}

/** What a call gives of an input and initial states. */
function runBatch(layers, call, x, states) {
  const merge = MERGES[call.merge_mode];
  const merged = (y) => (merge ? y.slice(0, y.length / 2).map((f, i) => merge(f, y[y.length / 2 + i])) : y);
  const output = { sequence: [], last: [], final_states: states.map((layer) => layer.map(() => [])) };
  x.forEach((xs, row) => {
    let valid = xs.map((_, t) => t < (call.lengths?.[row] ?? xs.length) && (call.mask?.[row][t] ?? true));
    if (call.go_backwards) [xs, valid] = [reversed(xs), reversed(valid)];
    const starts = states.map((layer) => layer.map((direction) => direction[row]));
    const [outputs, finals] = runSequence(layers, xs, starts, valid);
    output.sequence.push(outputs.map(merged));
    output.last.push(merged(finals.at(-1).flat()));
    finals.forEach((layer, n) => layer.forEach((h, d) => output.final_states[n][d].push(h)));
  });
  return output;
}

/** Lists and objects as they are, of what a function makes of what stands at one place in all. */
function each(make, tree, ...others) {
  if (tree instanceof Num || typeof tree !== "object") return make(tree, ...others);
  const of = (name) => each(make, tree[name], ...others.map((other) => other[name]));
  if (Array.isArray(tree)) return tree.map((_, index) => of(index));
  return Object.fromEntries(Object.keys(tree).map((name) => [name, of(name)]));
}

/** Layers in a type, and the states that they keep. A call that it refused would be a RangeError. */
export class Network {
  constructor(layers, dtype) {
    if (!(dtype in FORMATS)) throw new Unsupported(dtype);
    this.layers = layers;
    this.dtype = dtype;
    this.kept = null;
  }

  /** What a step gives; undefined where it gives nothing. */
  do(step) {
    switch (step.do) {
      case "assign":
        this.layers = step.layers;
        return undefined;
      case "reset":
        this.kept = null;
        return undefined;
      case "restore": // the weights are what they were, and states are given or forgotten next
        return undefined;
      case "call":
        return this.called(step.call);
      case "tangents":
        return each((number) => number.tangent, this.run(step.call, step.direction).output);
      case "gradients":
        return each((number) => number.gradient, this.pulledBack(step));
      case "second_gradients":
        return each((number) => number.gradientTangent, this.pulledBack(step));
      case "train":
        return { cells: this.trained(step.call, step.training) };
      default:
        throw new Unsupported(step.do);
    }
  }

  /** The outputs of a call, of which layers that are stateful keep the final states. */
  called(call) {
    const values = each((number) => number.value, this.run(call).output);
    if (call.stateful) this.kept = values.final_states;
    return values;
  }

  /** The tape of a call, its inputs, whose tangents are the direction, and its outputs. */
  run(call, direction) {
    const unknown = Object.keys(call).filter((field) => !FIELDS.includes(field));
    if (unknown.length) throw new Unsupported(unknown.join(", "));
    const tape = new Tape(call.compute_dtype ?? this.dtype);
    const cells = this.layers.map((layer) => [layer.forward, layer.backward].filter(Boolean));
    const zeros = cells.map((layer) => layer.map((cell) => call.x.map(() => cell.W_h.map(() => 0))));
    const given = {
      x: call.x,
      initial_states: call.initial_states ?? ((call.stateful && this.kept) || zeros),
      cells: cells.flat().map((cell) =>
        Object.fromEntries(ROLES.filter((role) => role in cell).map((role) => [role, cell[role]])),
      ),
    };
    direction ??= each(() => 0, given);
    const inputs = each((value, tangent) => new Num(tape, value, [], tangent), given, direction);
    const left = inputs.cells.values();
    const layers = cells.map((layer) =>
      layer.map((cell) => ({ arrays: left.next().value, activation: cell.activation ?? "tanh" })),
    );
    return { tape, inputs, output: runBatch(layers, call, inputs.x, inputs.initial_states) };
  }

  /** The inputs of a call, with the gradients by them that these cotangents make. */
  pulledBack({ call, d_sequence, d_final_states = [], direction }) {
    const { tape, inputs, output } = this.run(call, direction);
    const receive = (d, number) => (number.gradient += d);
    each(receive, d_sequence, output.sequence);
    each(receive, d_final_states, output.final_states);
    tape.handBack();
    return inputs;
  }

  /** The weights after one step of gradient descent; layers that are frozen keep theirs. */
  trained(call, { d_sequence, rate, frozen = [] }) {
    const rates = this.layers.flatMap((layer, n) => Object.keys(layer).map(() => (frozen.includes(n) ? 0 : rate)));
    return this.pulledBack({ call, d_sequence }).cells.map((cell, i) =>
      each((weight) => rounded(weight.value - rates[i] * weight.gradient, this.dtype), cell),
    );
  }
}
