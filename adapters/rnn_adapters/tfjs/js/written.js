'use strict';
// The written form of arrays and answers: numbers to the bit, what JSON has no number for as a string.

const { tf } = require('./tf.js');

/** A request that the harness cannot read, or a mistake of its own. */
class Failed extends Error {}

/** A call that a route has no words for. */
class CannotExpress extends Error {}

const NOT_FINITE = { nan: NaN, inf: Infinity, '-inf': -Infinity };
const WORDS = new Map([[NaN, '"nan"'], [Infinity, '"inf"'], [-Infinity, '"-inf"']]);

/**
 * An array as it was written.
 * @returns {{shape: number[], values: any[], dtype: string}} with all elements in a row, numbers or booleans.
 */
function readArray(data, dtype = 'float32') {
  const written = Array.isArray(data) ? { values: data } : data;
  if (written === null || typeof written !== 'object') throw new Failed('expected an array');
  const given = written.dtype ?? dtype;
  if (written.shape !== undefined) return { shape: written.shape, values: [], dtype: given };
  const shape = [];
  for (let part = written.values; Array.isArray(part); part = part[0]) shape.push(part.length);
  const values = [written.values].flat(Infinity).map((each) => NOT_FINITE[each] ?? each);
  if (values.length !== shape.reduce((product, size) => product * size, 1)) {
    throw new Failed(`expected lists of the same lengths; got ${values.length} elements for [${shape}]`);
  }
  return { shape, values, dtype: given };
}

/** A tensor of what was written, as a user makes one: types that TensorFlow.js does not have it refuses. */
function readTensor(data, dtype = 'float32') {
  const { shape, values, dtype: given } = readArray(data, dtype);
  if (given === 'complex64') {
    const parts = [0, 1].map((part) => values.filter((_, index) => index % 2 === part));
    return tf.complex(...parts.map((each) => tf.tensor(each, shape.slice(0, -1))));
  }
  if (given === 'uint8') return tf.tensor(Uint8Array.from(values), shape);
  return tf.tensor(given === 'float32' ? Float32Array.from(values) : values, shape, given);
}

/** The written form of elements in a row. */
function writeArray(shape, values) {
  if (shape.includes(0)) return { shape };
  let nested = Array.from(values);
  for (const size of shape.slice(1).reverse()) {
    nested = Array.from({ length: nested.length / size }, (_, i) => nested.slice(i * size, (i + 1) * size));
  }
  return shape.length ? nested : { values: nested[0] };
}

/** The written form of a tensor; of another type than that of its place, it says so. */
function writeTensor(tensor, dtype = 'float32') {
  const values = tensor.dtype === 'bool' ? Array.from(tensor.dataSync(), Boolean) : tensor.dataSync();
  const written = writeArray(tensor.shape, values);
  if (tensor.dtype === dtype) return written;
  return { dtype: tensor.dtype, ...(Array.isArray(written) ? { values: written } : written) };
}

/** JSON with every number to the bit: `JSON.stringify` writes -0 as 0, and null for what is not finite. */
function encoded(value) {
  if (typeof value === 'number') return WORDS.get(value) ?? (Object.is(value, -0) ? '-0.0' : String(value));
  if (Array.isArray(value)) return `[${value.map(encoded).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${encoded(each)}`).join(',')}}`;
}

module.exports = { Failed, CannotExpress, readArray, readTensor, writeArray, writeTensor, encoded };
