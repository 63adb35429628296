/*
 * Where a tensor is given for an output, nothing is written to it: it comes back as it was.
 *
 * Clause OPT-1 of rnn-conformance: options act together as each does alone.
 */

import * as ort from 'onnxruntime-web';

const x = [[[1]]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from('CA065wEKNQoBWAoDV18wCgNSXzAKA0JfMBIBWRIFWV9oXzAiA1JOTioSCgtoaWRkZW5fc2l6ZRgBoAEC' +
  'EgNybm4qEwgBCAEIARABQgNXXzBKBAAAgD8qEwgBCAEIARABQgNSXzBKBAAAAD8qFQgBCAIQAUIDQl8wSggAAIA+AAAAAFogCgFYEhsK' +
  'GQgBEhUKBhIEdGltZQoHEgViYXRjaAoCCAFiIAoFWV9oXzASFwoVCAESEQoCCAEKBxIFYmF0Y2gKAggBYiQKAVkSHwodCAESGQoGEgR0' +
  'aW1lCgIIAQoHEgViYXRjaAoCCAFCBAoAEBo=', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 1, 1]) };
const fetches = { Y_h_0: new ort.Tensor('float32', new Float32Array(1), [1, 1, 1]),
  Y: new ort.Tensor('float32', new Float32Array(1), [1, 1, 1, 1]) };
const outputs = await session.run(feeds, fetches);
const got = [[...outputs.Y.data]].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.8482836399575129];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 7.99e-07) ? 0 : 1);
