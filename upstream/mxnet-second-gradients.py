"""Gradients of gradients of a cell lack all that comes through the derivative of the activation.

Clause GRD-17 of rnn-conformance: gradients of gradients of float64 are computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[1.0]]])
h0 = np.array([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

block = rnn.RNNCell(1, "tanh", input_size=1)
block.cast("float64")
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array, dtype=array.dtype))

x = [mx.nd.array(step, dtype=step.dtype) for step in x.swapaxes(0, 1)]
states = [mx.nd.array(h0, dtype=h0.dtype)]
for each in (*x, *states):
    each.attach_grad()
with mx.autograd.record(train_mode=False):
    outputs = []
    for x_t in x:
        output, states = block(x_t, states)
        outputs.append(output)
    ys, h_n = outputs, [mx.nd.identity(state) for state in states]
outputs, sources = [*ys, *h_n], [*x, *states, *(p.data() for p in parameters)]
d_x = np.array([[[0.12573022109339327]]])
d_h_0 = np.array([[-0.132104863291302]])
cotangents = [mx.nd.array(each, dtype=each.dtype) for each in (*d_x, d_h_0)]
d_x = np.array([[[-1.303157231604361]]])
d_h_0 = np.array([[0.9053558666731178]])
rates = [mx.nd.array(each, dtype=each.dtype) for each in (*d_x, d_h_0)]
rates += [mx.nd.array(each, dtype=each.dtype) for each in (
    np.float64([[0.8216181435011585]]), np.float64([[0.330437076183387]]), np.float64([0.34558419206478597]),
    np.float64([0.0]),
)]
with mx.autograd.record():
    first = mx.autograd.grad(outputs, sources, cotangents, create_graph=True)
    inner = sum((each * rate).sum() for each, rate in zip(first, rates))
inner.backward()
d = [source.grad for source in sources]
got = np.stack([each.asnumpy() for each in d[:1]]).swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([[[5.856349432580938e-05]]])
print("mx", mx.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
bound = np.array([[[6.01e-17]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
