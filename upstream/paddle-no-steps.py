"""A sequence of no steps ends the process (SIGSEGV).

Clause EDG-2 of rnn-conformance: a sequence of no steps."""

import numpy as np
import paddle

x = np.zeros((1, 0, 1), "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.zeros((1, 0, 1), "float64")
print("paddle", paddle.__version__)
print("expected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1)
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
y, h_n = rnn(x_t)
got = y.numpy()
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 0)
close = np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
