'use strict';
// TensorFlow.js from the folder that the first argument names: this file is not where it is installed.

const { createRequire } = require('node:module');
const path = require('node:path');

console.log = console.info = console.error; // standard output belongs to answers

const installed = createRequire(path.join(path.resolve(process.argv[2] ?? '.'), 'package.json'));

const tf = installed('@tensorflow/tfjs');

/** Take this backend for what follows; `wasm` is loaded when it is first asked for. */
async function onBackend(name) {
  if (tf.getBackend() === name) return;
  if (name === 'wasm') {
    const wasm = installed('@tensorflow/tfjs-backend-wasm');
    const folder = path.dirname(installed.resolve('@tensorflow/tfjs-backend-wasm'));
    wasm.setWasmPaths(folder + path.sep);
  }
  if (!(await tf.setBackend(name))) throw new Error(`the backend ${name} cannot be taken here`);
}

module.exports = { tf, onBackend, seedrandom: installed('seedrandom') };
