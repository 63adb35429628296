/*
 * The final states of a sequence of no steps are zero, whatever the initial states.
 *
 * Clause EDG-2 of rnn-conformance: a sequence of no steps.
 */

import * as ort from 'onnxruntime-node';

const [x, h0] = [[[]], [[0.5]]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X, float[1, batch, 1] initial_h_0)
// => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <activation_alpha = [0.00999999978], activations = ["LeakyRelu"], hidden_size = 1> (X,
//         W_0, R_0, B_0, , initial_h_0)
// }, and the weights
const model = Buffer.from('CA061wIKfQoBWAoDV18wCgNSXzAKA0JfMAoACgtpbml0aWFsX2hfMBIBWRIFWV9oXzAiA1JOTioaChBh' +
  'Y3RpdmF0aW9uX2FscGhhPQrXIzygAQYqGwoLYWN0aXZhdGlvbnNKCUxlYWt5UmVsdaABCCoSCgtoaWRkZW5fc2l6ZRgBoAECEgNybm4q' +
  'EwgBCAEIARABQgNXXzBKBAAAgD8qEwgBCAEIARABQgNSXzBKBAAAAD8qFQgBCAIQAUIDQl8wSggAAIA+AAAAAFogCgFYEhsKGQgBEhUK' +
  'BhIEdGltZQoHEgViYXRjaAoCCAFaJgoLaW5pdGlhbF9oXzASFwoVCAESEQoCCAEKBxIFYmF0Y2gKAggBYiAKBVlfaF8wEhcKFQgBEhEK' +
  'AggBCgcSBWJhdGNoCgIIAWIkCgFZEh8KHQgBEhkKBhIEdGltZQoCCAEKBxIFYmF0Y2gKAggBQgQKABAa', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [0, 1, 1]),
  initial_h_0: new ort.Tensor('float32', Float32Array.from([h0].flat(Infinity)), [1, 1, 1]) };
const outputs = await session.run(feeds);
const got = [[...outputs.Y_h_0.data]].flat(Infinity);

// as the recurrence gives it in float64
const expected = [0.5];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 3.00e-08) ? 0 : 1);
