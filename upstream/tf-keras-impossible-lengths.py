"""Of a ragged tensor that is made with lengths, those below 0 are taken for 0 and those above T for T.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x = np.array([[[1.0]], [[1.0]], [[1.0]]], "float32")
lengths = np.array([1001, 1001, 1001])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

print("keras", keras.__version__)
try:
    output, *states = layer(tf.RaggedTensor.from_tensor(x, lengths))
    got = np.asarray(output.to_tensor(shape=(None, 1, None)))
except Exception as error:
    print("refused, as it should be:", type(error).__name__)
else:
    print("expected an error; got", got.tolist())
    raise SystemExit(1)
