"""The JVP through a ragged tensor raises AttributeError.

Clause HIS-4 of rnn-conformance: a JVP that is taken between two calls is that of the weights of that moment."""

import sys

import tensorflow as tf
import tf_keras as keras

x = tf.constant([[[1.0]]])
layer = keras.layers.SimpleRNN(1, return_sequences=True)
layer.build((None, None, 1))
print("tensorflow", tf.__version__)
print("expected the rates of change of the outputs")
try:
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
        output = layer(tf.RaggedTensor.from_tensor(x, [1])).to_tensor()
except AttributeError as error:
    print("got AttributeError:", str(error).splitlines()[2])
    sys.exit(1)
print("got", forward.jvp(output).numpy().tolist())
