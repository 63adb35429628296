"""Complex input is computed in complex numbers; of what comes out the real part is returned, with a warning.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[(1+1j)]]], "complex64")
h0 = np.array([[0.5]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

print("keras", keras.__version__)
try:
    output, *states = layer(x, initial_state=[h0])
    got = keras.ops.convert_to_numpy(output)
except Exception as error:
    print("refused, as it should be:", type(error).__name__)
else:
    print("expected an error; got", got.tolist())
    raise SystemExit(1)
