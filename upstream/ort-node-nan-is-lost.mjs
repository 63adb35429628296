/*
 * Where a layer has relu or hard_sigmoid, NaN in the input or in a state is gone from the outputs.
 *
 * Clause NAN-4 of rnn-conformance: nan shows in final states and last outputs of its row alone.
 */

import * as ort from 'onnxruntime-node';

const x = [[[NaN]]];
const [W_x, W_h, b] = [[[1]], [[0.5]], [0.25]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X)
// => (float[1, batch, 1] Y_h_0)
// {
//     , Y_h_0 = RNN <activations = ["Relu"], hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from(
  'CA062AEKTAoBWAoDV18wCgNSXzAKA0JfMBIAEgVZX2hfMCIDUk5OKhYKC2FjdGl2YXRpb25zSgRSZWx1oAEIKhIKC2hpZGRlbl9z' +
  'aXplGAGgAQISA3JubioTCAEIAQgBEAFCA1dfMEoEAACAPyoTCAEIAQgBEAFCA1JfMEoEAAAAPyoVCAEIAhABQgNCXzBKCAAAgD4A' +
  'AAAAWiAKAVgSGwoZCAESFQoGEgR0aW1lCgcSBWJhdGNoCgIIAWIgCgVZX2hfMBIXChUIARIRCgIIAQoHEgViYXRjaAoCCAFCBAoA' +
  'EBo=', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 1, 1]) };
const outputs = await session.run(feeds);
const got = [...outputs.Y_h_0.data];

// h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
const times = (W, v) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
const phi = (z) => Math.max(z, 0);
const every = x.map((row, n) => {
  let h = Array(1).fill(0);
  return row.map((x_t, t) => {
    const [a, c] = [times(W_x, x_t), times(W_h, h)];
    h = h.map((_, i) => phi(a[i] + c[i] + b[i]));
    return h;
  });
});
const expected = every.map((row) => row.at(-1));
console.log('ort', ort.env.versions.common);
console.log('expected', ...[expected].flat(Infinity));
const [g, e] = [[got].flat(Infinity), [expected].flat(Infinity)];
console.log('got     ', ...g);
console.log('difference', Math.max(...g.map((value, i) => Math.abs(value - e[i]))), 'of at most', 0);
const close = g.length === e.length && g.every((value, i) => Object.is(value, e[i]) || Math.abs(value - e[i]) <= 0);
process.exit(close ? 0 : 1);
