"""Under relu, NaN becomes 0.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import numpy as np
import paddle

x = np.float32([[[np.nan]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.SimpleRNN(1, 1, activation="relu")
weights = [W_x, W_h, b, 0 * b]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
got = rnn(x_t)[0].numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.maximum(x[:, 0].astype("float64") @ W_x.T + b, 0)[:, None]
print("paddle", paddle.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
