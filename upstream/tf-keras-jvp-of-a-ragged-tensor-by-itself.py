"""The JVP through a ragged tensor raises AttributeError.

Clause GRD-10 of rnn-conformance: forward mode gives the derivative in a direction."""

import tensorflow as tf
import tf_keras

x, layer = tf.constant([[[1.0], [2.0]]]), tf_keras.layers.SimpleRNN(1)
with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
    output = layer(x)
print("tf_keras", tf_keras.__version__, "\nexpected", forward.jvp(output).numpy().tolist())
with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
    output = layer(tf.RaggedTensor.from_tensor(x, lengths=[2]))
print("got     ", forward.jvp(output).numpy().tolist())
