'use strict';
// φ as tf.layers takes it: by name, or by the name of a class that is registered for it.

const { tf } = require('./tf.js');

/** What tf.layers calls what it has. */
const NAMED = { hard_sigmoid: 'hardSigmoid', 'elu(alpha=1.0)': 'elu' };

/** Of z and the parameters: the operations of TensorFlow.js, where tf.layers has no name. */
const APPLIED = {
  elu: (z, { alpha }) => tf.add(tf.relu(z), tf.mul(alpha, tf.expm1(tf.minimum(z, 0)))),
  leaky_relu: (z, { alpha = 0.01 }) => tf.leakyRelu(z, alpha),
  hard_sigmoid: (z, { alpha, beta }) => tf.clipByValue(tf.add(tf.mul(z, alpha), beta), 0, 1),
  affine: (z, { alpha = 1, beta = 0 }) => tf.add(tf.mul(z, alpha), beta),
  scaled_tanh: (z, { alpha = 1, beta = 1 }) => tf.mul(alpha, tf.tanh(tf.mul(z, beta))),
};

const registered = new Map();

/** The argument `activation` for a written activation; a name that is unknown is handed on. */
function activationGiven(form) {
  const [, name, parameters] = /^([^(]*)(?:\((.*)\))?$/.exec(form);
  if (NAMED[form]) return NAMED[form];
  if (!(name in APPLIED) || form === 'elu') return form;
  if (!registered.has(form)) registered.set(form, classOf(name, parameters ?? ''));
  return registered.get(form);
}

/** The name of a new class that is an activation with these parameters, as a user writes and registers one. */
function classOf(name, parameters) {
  const values = Object.fromEntries([...parameters.matchAll(/(\w+)=([^,]+)/g)].map(([, key, each]) => [key, +each]));
  class WithParameters extends tf.serialization.Serializable {
    static className = `${name.replace('_', '')}${registered.size}`; // a file would take an underscore away
    static fromConfig(cls) {
      return new cls();
    }
    getConfig() {
      return {};
    }
    apply(z) {
      return tf.tidy(() => APPLIED[name](z, values));
    }
  }
  tf.serialization.registerClass(WithParameters);
  return WithParameters.className;
}

module.exports = { activationGiven };
