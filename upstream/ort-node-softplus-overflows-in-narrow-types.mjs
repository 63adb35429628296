/*
 * As ort-node-softplus-overflows, in float16 and bfloat16, too.
 *
 * Clause ACT-16 of rnn-conformance: narrow types reach the limits of activations.
 */

import * as ort from 'onnxruntime-node';

// <ir_version: 13, opset_import: ["" : 26]>
// rnn (float16[time, batch, 1] X) => (float16[1, batch, 1] Y_h_0, float16[time, 1, batch, 1] Y)
// {
//     Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0)
// }, and the weights
const model = Buffer.from('CA06+wEKUQoBWAoDV18wCgNSXzAKA0JfMBIBWRIFWV9oXzAiA1JOTioaCgthY3RpdmF0aW9uc0oIU29m' +
  'dHBsdXOgAQgqEgoLaGlkZGVuX3NpemUYAaABAhIDcm5uKhEIAQgBCAEQCkIDV18wSgIAPCoRCAEIAQgBEApCA1JfMEoCAAAqEQgBCAIQ' +
  'CkIDQl8wSgQAAAAAWiAKAVgSGwoZCAoSFQoGEgR0aW1lCgcSBWJhdGNoCgIIAWIgCgVZX2hfMBIXChUIChIRCgIIAQoHEgViYXRjaAoC' +
  'CAFiJAoBWRIfCh0IChIZCgYSBHRpbWUKAggBCgcSBWJhdGNoCgIIAUIECgAQGg==', 'base64');
const half = (bits) => {
  const [sign, exponent, digits] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return digits ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + digits) : 2 ** -24 * digits);
};

const feeds = { X: new ort.Tensor('float16', Uint16Array.of(29696, 10240, 16416), [1, 3, 1]) };
const outputs = await (await ort.InferenceSession.create(model)).run(feeds);
const got = [[...Array(3).keys()].flatMap((n) => [...Array(1).keys()].map((t) => t * 3 + n).flatMap((i) => [...outputs.Y.data.slice(i * 1, (i + 1) * 1)])).map(half)].flat(Infinity);

// as the recurrence gives it in float64
const expected = [16384, 0.7088942459057149, 2.182179665189877];
console.log('ort', ort.env.versions.common, '\nexpected', ...expected, '\ngot     ', ...got);
process.exit(got.length === expected.length && got.every((v, i) => Math.abs(v - expected[i]) <= 3.21e+01) ? 0 : 1);
