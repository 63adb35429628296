"""Gradients of gradients of a cell with ReLU end the process (SIGSEGV).

Clause GRD-11 of rnn-conformance: gradients of gradients are exact in integers."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[0.0]]], "float32")
h0 = np.array([[0.0]], "float32")
W_x, W_h, b = np.float32([[0.0]]), np.float32([[0.0]]), np.float32([0.0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("float64"), []
for t in range(1):
    h = np.maximum(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("mx", mx.__version__)
print("expected", expected.tolist())

block = rnn.RNNCell(1, "relu", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))

x = [mx.nd.array(step) for step in x.swapaxes(0, 1)]
states = [mx.nd.array(h0)]
outputs = []
for x_t in x:
    output, states = block(x_t, states)
    outputs.append(output)
ys, h_n = outputs, [mx.nd.identity(state) for state in states]
got = np.stack([each.asnumpy() for each in ys]).swapaxes(0, 1)
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 4.73e-38)
close = np.allclose(got, expected, rtol=0, atol=4.73e-38, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
