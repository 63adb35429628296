"""A model whose input may be of any length takes only its first step once it is exported to OpenVINO's form.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import openvino
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
output, *states = layer(x_in)
model = keras.Model([x_in], [output, *states])
path = os.path.join(tempfile.mkdtemp(), "model.xml")
model.export(path, format="openvino", verbose=False)
hint = {"INFERENCE_PRECISION_HINT": "f32"}
model = openvino.compile_model(openvino.Core().read_model(path), "CPU", hint)

got = keras.ops.convert_to_numpy(model([x]).to_tuple()[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
