// An RNN in plain JavaScript, held against vectors (spec/94-vectors.md): node verify.mjs FILE ...

import { readFileSync } from "node:fs";

const DEFAULTS = { elu: [1, 0], leaky_relu: [0.01, 0], hard_sigmoid: [0.2, 0.5], affine: [1, 0], scaled_tanh: [1, 1] };
const ACTIVATIONS = {
  tanh: Math.tanh,
  relu: (z) => (z < 0 ? 0 : z),
  sigmoid: (z) => 0.5 + 0.5 * Math.tanh(0.5 * z),
  linear: (z) => z,
  softsign: (z) => z / (1 + Math.abs(z)),
  softplus: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
  elu: (z, a) => (z > 0 ? z : a * Math.expm1(z)),
  leaky_relu: (z, a) => (z > 0 ? z : a * z),
  hard_sigmoid: (z, a, b) => Math.min(Math.max(a * z + b, 0), 1),
  affine: (z, a, b) => a * z + b,
  scaled_tanh: (z, a, b) => a * Math.tanh(b * z),
};
const MERGES = { sum: (f, b) => f + b, mul: (f, b) => f * b, ave: (f, b) => (f + b) / 2 };
const STEPS = ["call", "assign", "reset", "restore"];

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const reversed = (array) => [...array].reverse();
const cellsOf = (layer) => [layer.forward, layer.backward].filter(Boolean);

/** φ of a text such as "elu(alpha=0.5)". */
function activation(text = "tanh") {
  const [name] = text.match(/\w+/);
  const [alpha, beta] = ["alpha", "beta"].map((parameter, i) =>
    Number(text.match(`${parameter}=([^,)]+)`)?.[1] ?? DEFAULTS[name]?.[i]),
  );
  return (z) => ACTIVATIONS[name](z, alpha, beta);
}

/** The state after each step of one sequence, in the order in which the steps are taken. */
function runCell(cell, xs, h, valid) {
  const phi = activation(cell.activation);
  return xs.map((x, t) => {
    if (valid[t])
      h = cell.W_x.map((row, i) =>
        phi(dot(row, x) + dot(cell.W_h[i], h) + (cell.b?.[i] ?? 0) + (cell.b_h?.[i] ?? 0)),
      );
    return h;
  });
}

/** Outputs at each step, directions side by side; for each layer and direction the final state. */
function runSequence(layers, xs, states, valid) {
  const finals = layers.map((layer, n) => {
    const runs = cellsOf(layer).map((cell, d) =>
      d ? runCell(cell, reversed(xs), states[n][d], reversed(valid)) : runCell(cell, xs, states[n][d], valid),
    );
    const aligned = runs.map((run, d) => (d ? reversed(run) : run));
    xs = xs.map((_, t) => aligned.flatMap((run) => run[t]));
    return runs.map((run, d) => run.at(-1) ?? states[n][d]);
  });
  return [xs, finals];
}

/** What a call gives. */
function runBatch(layers, call, states) {
  const merge = MERGES[call.merge_mode];
  const merged = (y) => (merge ? y.slice(0, y.length / 2).map((f, i) => merge(f, y[y.length / 2 + i])) : y);
  const found = { sequence: [], last: [], final_states: states.map((layer) => layer.map(() => [])) };
  call.x.forEach((xs, row) => {
    let valid = xs.map((_, t) => t < (call.lengths?.[row] ?? xs.length) && (call.mask?.[row][t] ?? true));
    if (call.go_backwards) [xs, valid] = [reversed(xs), reversed(valid)];
    const starts = states.map((layer) => layer.map((direction) => direction[row]));
    const [outputs, finals] = runSequence(layers, xs, starts, valid);
    found.sequence.push(outputs.map(merged));
    found.last.push(merged(finals.at(-1).flat()));
    finals.forEach((layer, n) => layer.forEach((h, d) => found.final_states[n][d].push(h)));
  });
  return found;
}

/** The first element that is not what is expected; "" where there is none. */
function wrong(actual, expected, bound, place) {
  if (typeof expected === "object") {
    if (Array.isArray(expected) && actual.length !== expected.length)
      return `${place}: expected ${expected.length} elements; got ${actual.length}`;
    for (const name of Object.keys(expected)) {
      const message = wrong(actual[name], expected[name], bound[name], `${place}.${name}`);
      if (message) return message;
    }
    return "";
  }
  if (bound === Infinity || actual === expected || Math.abs(actual - expected) <= bound) return "";
  if (Number.isNaN(actual) && Number.isNaN(expected)) return "";
  return `${place}: ${actual}, not ${expected} ± ${bound}`;
}

/** What is wrong; "" where nothing is; null where something is not supported. */
function verified(vector) {
  const unknown = (step) =>
    !STEPS.includes(step.do) || step.call?.compute_dtype || (step.expected && !step.bounds.float64);
  if (vector.steps.some(unknown)) return null;
  let { layers } = vector.network;
  let kept = null;
  for (const { do: what, call, layers: assigned, expected, bounds } of vector.steps) {
    if (what === "assign") layers = assigned;
    if (what === "reset") kept = null;
    if (what !== "call") continue;
    const zeros = layers.map((layer) => cellsOf(layer).map((cell) => call.x.map(() => cell.W_h.map(() => 0))));
    const found = runBatch(layers, call, call.initial_states ?? ((call.stateful && kept) || zeros));
    if (call.stateful) kept = found.final_states;
    const message = wrong(found, expected, bounds.float64, what);
    if (message) return message;
  }
  return "";
}

/** The written form: "nan" and "inf" as numbers, {"shape": …} as an array without elements. */
function read(_, value) {
  const nested = ([size, ...rest]) => Array.from({ length: size }, () => (rest.length ? nested(rest) : 0));
  if (value?.shape) return nested(value.shape);
  return typeof value === "string" ? ({ nan: NaN, inf: Infinity, "-inf": -Infinity }[value] ?? value) : value;
}

const counts = { passed: 0, skipped: 0, failed: 0 };
for (const path of process.argv.slice(2)) {
  const document = JSON.parse(readFileSync(path, "utf8"), read);
  for (const vector of document.chapter ? document.vectors : []) {
    const message = verified(vector);
    counts[message === null ? "skipped" : message ? "failed" : "passed"] += 1;
    if (message) console.log(`vector ${vector.id} (${vector.clause}): ${message}`);
  }
}
console.log(Object.entries(counts).map(([came, count]) => `${count} ${came}`).join(", "));
process.exit(counts.passed && !counts.failed ? 0 : 1);
