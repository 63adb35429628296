'use strict';
// A harness of ONNX Runtime for JavaScript: `node main.js FOLDER PACKAGE`, which is in FOLDER/node_modules.
// Models and tensors come as bytes: a request on each line, an answer on each line.

const { createRequire } = require('node:module');
const path = require('node:path');
const readline = require('node:readline');

console.log = console.info = console.error; // standard output belongs to answers

const [folder, name] = process.argv.slice(2);
const ort = createRequire(path.join(path.resolve(folder), 'package.json'))(name);

/** By type, the array that a user makes a tensor of; of others there are none, as `Tensor` says. */
const ARRAYS = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

const sessions = new Map();

const ANSWERS = {
  versions: () => ({ ...packages(), node: process.versions.node }),

  async open({ session, model, path: file, options }) {
    sessions.set(session, await ort.InferenceSession.create(file ?? bytes(model), options));
    return {};
  },

  async call({ session: number, feeds, preallocated }) {
    const session = sessions.get(number);
    const given = Object.fromEntries(Object.entries(feeds).map(([each, tensor]) => [each, readTensor(tensor)]));
    const found = await (preallocated ? session.run(given, outputsOf(session, given)) : session.run(given));
    return Object.fromEntries(Object.entries(found).map(([each, tensor]) => [each, writeTensor(tensor)]));
  },

  bye: () => ({}),
};

/** The versions of the packages, by the names that npm has for them. */
function packages() {
  const { common, node, web } = ort.env.versions;
  return { [name]: node ?? web, 'onnxruntime-common': common };
}

/** Sessions that nobody asks for any more give back their memory. */
async function release(numbers) {
  for (const number of numbers) {
    await sessions.get(number)?.release();
    sessions.delete(number);
  }
}

const bytes = (base64) => new Uint8Array(Buffer.from(base64, 'base64')); // a copy, which begins where any type may

function readTensor({ type, dims, data }) {
  const held = bytes(data);
  const Kind = ARRAYS[type];
  return new ort.Tensor(type, Kind ? new Kind(held.buffer) : held, dims);
}

function writeTensor({ type, dims, data }) {
  return { type, dims, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') };
}

/** A tensor for every output, of the shape that the model declares for these inputs; none where they have no such. */
function outputsOf(session, feeds) {
  const sizes = {};
  for (const { name: input, shape } of session.inputMetadata) {
    shape.forEach((axis, place) => { sizes[axis] = feeds[input].dims[place]; });
  }
  return Object.fromEntries(session.outputMetadata.map(({ name: output, type, shape }) => {
    const dims = shape.map((axis) => (typeof axis === 'number' ? axis : sizes[axis]));
    if (dims.includes(undefined)) return [output, null];
    const elements = dims.reduce((product, size) => product * size, 1);
    return [output, new ort.Tensor(type, new ARRAYS[type](elements), dims)];
  }));
}

/** The answer to a request, or what was thrown. */
async function answered({ id, request, released = [], ...given }) {
  try {
    await release(released);
    return { id, answer: await ANSWERS[request](given) };
  } catch (error) {
    return { id, error: { kind: 'refused', message: `${error?.name ?? 'Error'}: ${error?.message ?? error}` } };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const request = JSON.parse(line);
    const answer = await answered(request);
    await new Promise((written) => { process.stdout.write(`${JSON.stringify(answer)}\n`, written); });
    if (request.request === 'bye') break;
  }
  process.exit(0);
}

main();
