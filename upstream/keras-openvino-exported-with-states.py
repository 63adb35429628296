"""A functional model of a list of inputs, such as a sequence and a state, cannot be exported: ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import openvino
import keras
import numpy as np

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + h0.astype("float64") @ W_h.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist())

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
h0_in = keras.Input((1,))
output, *states = layer(x_in, initial_state=[h0_in])
model = keras.Model([x_in, h0_in], [output, *states])
path = os.path.join(tempfile.mkdtemp(), "model.xml")
model.export(path, format="openvino", verbose=False)
hint = {"INFERENCE_PRECISION_HINT": "f32"}
model = openvino.compile_model(openvino.Core().read_model(path), "CPU", hint)

got = keras.ops.convert_to_numpy(model([x, h0]).to_tuple()[0])
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07, equal_nan=True)
