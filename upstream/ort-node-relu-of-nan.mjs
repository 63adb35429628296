/*
 * Under relu, NaN becomes 0.
 *
 * Clause NAN-1 of rnn-conformance: nan stays nan.
 */

import * as ort from 'onnxruntime-node';

const x = [[[NaN]]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <activations = ["Relu"], hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from('CA06/wEKTQoBWAoDV18wCgNSXzAKA0JfMBIBWRIFWV9oXzAiA1JOTioWCgthY3RpdmF0aW9uc0oEUmVs' +
  'daABCCoSCgtoaWRkZW5fc2l6ZRgBoAECEgNybm4qEwgBCAEIARABQgNXXzBKBAAAgD8qEwgBCAEIARABQgNSXzBKBAAAAD8qFQgBCAIQ' +
  'AUIDQl8wSggAAIA+AAAAAFogCgFYEhsKGQgBEhUKBhIEdGltZQoHEgViYXRjaAoCCAFiIAoFWV9oXzASFwoVCAESEQoCCAEKBxIFYmF0' +
  'Y2gKAggBYiQKAVkSHwodCAESGQoGEgR0aW1lCgIIAQoHEgViYXRjaAoCCAFCBAoAEBo=', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 1, 1]) };
const outputs = await session.run(feeds);
const got = [[...outputs.Y.data]].flat(Infinity);

// as the recurrence gives it in float64
const expected = [NaN];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Object.is(value, expected[i]) || Math.abs(value - expected[i]) <= 0;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
