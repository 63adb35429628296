"""A functional model of a list of inputs, such as a sequence and a state, cannot be exported: ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import openvino
import keras
import numpy as np

x = np.array([[[1.0]]], "float32")
h0 = np.array([[0.5]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("float64"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.tolist())

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

output, *states = model([x, h0]).to_tuple()
got = keras.ops.convert_to_numpy(output)
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 7.80e-07)
close = np.allclose(got, expected, rtol=0, atol=7.80e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
