"""A functional model that takes a sequence and a mask in a list cannot be exported: ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import openvino
import keras
import numpy as np

x, mask = np.float32([[[1.0]]]), np.bool([[True]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.where(mask[:, :1], np.tanh(x[:, 0].astype("float64") @ W_x.T + b), 0)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist())

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
mask_in = keras.Input((None,), dtype="bool")
output, *states = layer(x_in, mask=mask_in)
model = keras.Model([x_in, mask_in], [output, *states])
path = os.path.join(tempfile.mkdtemp(), "model.xml")
model.export(path, format="openvino", verbose=False)
hint = {"INFERENCE_PRECISION_HINT": "f32"}
model = openvino.compile_model(openvino.Core().read_model(path), "CPU", hint)

got = keras.ops.convert_to_numpy(model([x, mask]).to_tuple()[0])
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
