'use strict';
// Gradients by `tf.grads` of inputs and weights at once: a second pass would drop other numbers.

const { tf } = require('./tf.js');

/** Σ left · right over pairs of tensors. */
function inner(left, right) {
  return tf.addN(left.map((each, index) => tf.sum(tf.mul(each, right[index]))));
}

/**
 * Gradients of a scalar function of inputs and variables.
 * @returns {tf.Tensor[]} for each input, then for each variable.
 */
function gradientsOf(scalar, inputs, variables) {
  const ofEach = tf.grads((...given) => scalar(given.slice(0, inputs.length)));
  return ofEach([...inputs, ...variables]);
}

/** The gradients of Σ cotangents · outputs. */
function gradients(outputs, inputs, variables, cotangents) {
  return gradientsOf((given) => inner(outputs(given), cotangents), inputs, variables);
}

/** The gradients of Σ direction · gradients. */
function secondGradients(outputs, inputs, variables, cotangents, direction) {
  const along = (given) => inner(gradients(outputs, given, variables, cotangents), direction);
  return gradientsOf(along, inputs, variables);
}

module.exports = { gradients, secondGradients };
