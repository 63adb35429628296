"""In a model that was exported to ONNX, an infinite input or NaN at a masked time step makes all later outputs
NaN.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
import onnxruntime
import keras
import numpy as np

x = np.array([[[1.0], [np.nan], [0.5]]], "float32")
mask = np.array([[True, False, True]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
mask_in = keras.Input((None,), dtype="bool")
output, *states = layer(x_in, mask=mask_in)
model = keras.Model([x_in, mask_in], [output, *states])

def exported(given):
    model(given)
    path = os.path.join(tempfile.mkdtemp(), "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    names = [symbol.name for symbol in model.inputs]
    return session.run(None, dict(zip(names, given)))

output, *states = exported([x, mask])
got = keras.ops.convert_to_numpy(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(3):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 9.32e-07)
close = np.allclose(got, expected, rtol=0, atol=9.32e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
