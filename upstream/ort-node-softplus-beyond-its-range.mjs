/*
 * After an infinite softplus, states are infinite or NaN.
 *
 * Clause ACT-14 of rnn-conformance: activations of numbers of any size.
 */

import * as ort from 'onnxruntime-node';

const x = [[[1.3785362e-12], [43237.637], [1e-45], [12], [8.25], [24]]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from('CA06gwIKUQoBWAoDV18wCgNSXzAKA0JfMBIBWRIFWV9oXzAiA1JOTioaCgthY3RpdmF0aW9uc0oIU29m' +
  'dHBsdXOgAQgqEgoLaGlkZGVuX3NpemUYAaABAhIDcm5uKhMIAQgBCAEQAUIDV18wSgQAAIA/KhMIAQgBCAEQAUIDUl8wSgQAAAAAKhUI' +
  'AQgCEAFCA0JfMEoIAAAAAAAAAABaIAoBWBIbChkIARIVCgYSBHRpbWUKBxIFYmF0Y2gKAggBYiAKBVlfaF8wEhcKFQgBEhEKAggBCgcS' +
  'BWJhdGNoCgIIAWIkCgFZEh8KHQgBEhkKBhIEdGltZQoCCAEKBxIFYmF0Y2gKAggBQgQKABAa', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [6, 1, 1]) };
const outputs = await session.run(feeds);
const got = [[...outputs.Y.data]].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.6931471805606346, 43237.63671875, 0.6931471805599453, 12.000006144193478, 8.250261224435228, 24.00000000003775];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Math.abs(value - expected[i]) <= 4.14e-02;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
