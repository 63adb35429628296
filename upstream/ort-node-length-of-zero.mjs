/*
 * The final state of a row of length 0 is zero, whatever its initial state.
 *
 * Clause LEN-6 of rnn-conformance: a row of no steps keeps its state.
 */

import * as ort from 'onnxruntime-node';

const [x, h0, lengths] = [[[[1]], [[2]]], [[0.5], [0.25]], [1, 0]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X, int32[batch] sequence_lens, float[1, batch, 1] initial_h_0)
// => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <activation_alpha = [0.00999999978], activations = ["LeakyRelu"], hidden_size = 1> (X,
//         W_0, R_0, B_0, sequence_lens, initial_h_0)
// }, and the weights
const model = Buffer.from(
  'CA06hwMKigEKAVgKA1dfMAoDUl8wCgNCXzAKDXNlcXVlbmNlX2xlbnMKC2luaXRpYWxfaF8wEgFZEgVZX2hfMCIDUk5OKhoKEGFj' +
  'dGl2YXRpb25fYWxwaGE9CtcjPKABBiobCgthY3RpdmF0aW9uc0oJTGVha3lSZWx1oAEIKhIKC2hpZGRlbl9zaXplGAGgAQISA3Ju' +
  'bioTCAEIAQgBEAFCA1dfMEoEAACAPyoTCAEIAQgBEAFCA1JfMEoEAAAAPyoVCAEIAhABQgNCXzBKCAAAgD4AAAAAWiAKAVgSGwoZ' +
  'CAESFQoGEgR0aW1lCgcSBWJhdGNoCgIIAVogCg1zZXF1ZW5jZV9sZW5zEg8KDQgGEgkKBxIFYmF0Y2haJgoLaW5pdGlhbF9oXzAS' +
  'FwoVCAESEQoCCAEKBxIFYmF0Y2gKAggBYiAKBVlfaF8wEhcKFQgBEhEKAggBCgcSBWJhdGNoCgIIAWIkCgFZEh8KHQgBEhkKBhIE' +
  'dGltZQoCCAEKBxIFYmF0Y2gKAggBQgQKABAa', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = {
  X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 2, 1]),
  sequence_lens: new ort.Tensor('int32', Int32Array.from(lengths), [2]),
  initial_h_0: new ort.Tensor('float32', Float32Array.from([h0].flat(Infinity)), [1, 2, 1]),
};
const outputs = await session.run(feeds);
const got = [[...outputs.Y_h_0.data]].flat(Infinity);

// as the recurrence gives it in float64
const expected = [1.5, 0.25];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 6.26e-07;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
