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
//     Y, Y_h_0 = RNN <activations = ["Relu"], hidden_size = 1> (X, W_0, R_0, B_0, sequence_lens,
//         initial_h_0)
// }, and the weights
const model = Buffer.from('CA065QIKaQoBWAoDV18wCgNSXzAKA0JfMAoNc2VxdWVuY2VfbGVucwoLaW5pdGlhbF9oXzASAVkSBVlf' +
  'aF8wIgNSTk4qFgoLYWN0aXZhdGlvbnNKBFJlbHWgAQgqEgoLaGlkZGVuX3NpemUYAaABAhIDcm5uKhMIAQgBCAEQAUIDV18wSgQAAIA/' +
  'KhMIAQgBCAEQAUIDUl8wSgQAAAA/KhUIAQgCEAFCA0JfMEoIAACAPgAAAABaIAoBWBIbChkIARIVCgYSBHRpbWUKBxIFYmF0Y2gKAggB' +
  'WiAKDXNlcXVlbmNlX2xlbnMSDwoNCAYSCQoHEgViYXRjaFomCgtpbml0aWFsX2hfMBIXChUIARIRCgIIAQoHEgViYXRjaAoCCAFiIAoF' +
  'WV9oXzASFwoVCAESEQoCCAEKBxIFYmF0Y2gKAggBYiQKAVkSHwodCAESGQoGEgR0aW1lCgIIAQoHEgViYXRjaAoCCAFCBAoAEBo=', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 2, 1]),
  sequence_lens: new ort.Tensor('int32', Int32Array.from(lengths), [2]),
  initial_h_0: new ort.Tensor('float32', Float32Array.from([h0].flat(Infinity)), [1, 2, 1]) };
const got = [...(await session.run(feeds)).Y_h_0.data];

// as the recurrence gives it in float64
const expected = [1.5, 0.25];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 4.49e-07) ? 0 : 1);
