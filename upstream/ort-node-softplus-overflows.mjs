/*
 * softplus is infinite from z = 89 on.
 *
 * Clause ACT-4 of rnn-conformance: softplus.
 */

import * as ort from 'onnxruntime-node';

const x = [[[100]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X)
// => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from(
  'CA06gwIKUQoBWAoDV18wCgNSXzAKA0JfMBIBWRIFWV9oXzAiA1JOTioaCgthY3RpdmF0aW9uc0oIU29mdHBsdXOgAQgqEgoLaGlk' +
  'ZGVuX3NpemUYAaABAhIDcm5uKhMIAQgBCAEQAUIDV18wSgQAAIA/KhMIAQgBCAEQAUIDUl8wSgQAAAA/KhUIAQgCEAFCA0JfMEoI' +
  'AACAPgAAAABaIAoBWBIbChkIARIVCgYSBHRpbWUKBxIFYmF0Y2gKAggBYiAKBVlfaF8wEhcKFQgBEhEKAggBCgcSBWJhdGNoCgII' +
  'AWIkCgFZEh8KHQgBEhkKBhIEdGltZQoCCAEKBxIFYmF0Y2gKAggBQgQKABAa', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 1, 1]) };
const outputs = await session.run(feeds);
const got = [...outputs.Y.data];

// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
const phi = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const expected = x.map((row, n) => {
  let h = Array(1).fill(0);
  return row.map((x_t, t) => {
    const [a, c] = [times(W_x, x_t), times(W_h, h)];
    h = h.map((_, i) => phi(a[i] + c[i] + b[i]));
    return h;
  });
});
console.log('ort', ort.env.versions.common);
console.log('expected', ...[expected].flat(Infinity));
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))), 'of at most', 9.61e-05);
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= 9.61e-05);
process.exit(close ? 0 : 1);
