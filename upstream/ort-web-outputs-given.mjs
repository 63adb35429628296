/*
 * Where a tensor is given for an output, nothing is written to it: it comes back as it was.
 *
 * Clause OPT-1 of rnn-conformance: options act together as each does alone.
 */

import * as ort from 'onnxruntime-web';

const x = [[[1]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X)
// => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from(
  'CA065wEKNQoBWAoDV18wCgNSXzAKA0JfMBIBWRIFWV9oXzAiA1JOTioSCgtoaWRkZW5fc2l6ZRgBoAECEgNybm4qEwgBCAEIARAB' +
  'QgNXXzBKBAAAgD8qEwgBCAEIARABQgNSXzBKBAAAAD8qFQgBCAIQAUIDQl8wSggAAIA+AAAAAFogCgFYEhsKGQgBEhUKBhIEdGlt' +
  'ZQoHEgViYXRjaAoCCAFiIAoFWV9oXzASFwoVCAESEQoCCAEKBxIFYmF0Y2gKAggBYiQKAVkSHwodCAESGQoGEgR0aW1lCgIIAQoH' +
  'EgViYXRjaAoCCAFCBAoAEBo=', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 1, 1]) };
const fetches = {
  Y_h_0: new ort.Tensor('float32', new Float32Array(1), [1, 1, 1]),
  Y: new ort.Tensor('float32', new Float32Array(1), [1, 1, 1, 1]),
};
const outputs = await session.run(feeds, fetches);
const got = [...outputs.Y.data];

// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
const expected = x.map((row, n) => {
  let h = Array(1).fill(0);
  return row.map((x_t, t) => {
    const [a, c] = [times(W_x, x_t), times(W_h, h)];
    h = h.map((_, i) => Math.tanh(a[i] + c[i] + b[i]));
    return h;
  });
});
console.log('ort', ort.env.versions.common);
console.log('expected', ...[expected].flat(Infinity));
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))), 'of at most', 7.99e-07);
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= 7.99e-07);
process.exit(close ? 0 : 1);
