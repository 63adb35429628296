/*
 * Where a layer has relu or hard_sigmoid, NaN in the input or in a state is gone from the outputs.
 *
 * Clause NAN-4 of rnn-conformance: nan shows in final states and last outputs of its row alone.
 */

import * as ort from 'onnxruntime-node';

const x = [[[NaN]]];

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0)
// {
//     , Y_h_0 = RNN <activations = ["Relu"], hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from('CA062AEKTAoBWAoDV18wCgNSXzAKA0JfMBIAEgVZX2hfMCIDUk5OKhYKC2FjdGl2YXRpb25zSgRSZWx1' +
  'oAEIKhIKC2hpZGRlbl9zaXplGAGgAQISA3JubioTCAEIAQgBEAFCA1dfMEoEAACAPyoTCAEIAQgBEAFCA1JfMEoEAAAAPyoVCAEIAhAB' +
  'QgNCXzBKCAAAgD4AAAAAWiAKAVgSGwoZCAESFQoGEgR0aW1lCgcSBWJhdGNoCgIIAWIgCgVZX2hfMBIXChUIARIRCgIIAQoHEgViYXRj' +
  'aAoCCAFCBAoAEBo=', 'base64');
const session = await ort.InferenceSession.create(model);

const feeds = { X: new ort.Tensor('float32', Float32Array.from(x.flat(Infinity)), [1, 1, 1]) };
const outputs = await session.run(feeds);
const got = [[...outputs.Y_h_0.data]].flat(Infinity);

// as the recurrence gives it in float64
const expected = [NaN];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
const close = (value, i) => Object.is(value, expected[i]) || Math.abs(value - expected[i]) <= 0;
process.exit(got.length === expected.length && got.every(close) ? 0 : 1);
