"""A model with an activation that is registered with Keras is written to an H5 file, but cannot be read:
ValueError: Unknown activation function.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import tempfile

import numpy as np
import tf_keras as keras

@keras.saving.register_keras_serializable()
def double(z):
    return 2 * z

x = np.ones((1, 2, 1), "float32")
model = keras.Sequential([keras.Input((2, 1)), keras.layers.SimpleRNN(1, activation=double)])
expected = np.asarray(model(x))
print("tf_keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/model.h5"
model.save(path)
got = np.asarray(keras.models.load_model(path)(x))
print("got     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
