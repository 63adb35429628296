"""Under relu there is no JVP.

Clause GRD-10 of rnn-conformance: forward mode gives the derivative in a direction."""

import numpy as np
import paddle
from paddle.incubate.autograd import jvp

cell = paddle.nn.SimpleRNNCell(1, 1, activation="relu")
for parameter, array in zip(cell.parameters(), ([[1.0]], [[0.5]], [0.25], [0.0])):
    parameter.set_value(np.array(array, "float32"))
x = paddle.to_tensor(np.array([[[1.0]]], "float32"))
h = paddle.to_tensor(np.array([[0.5]], "float32"))
print("paddle", paddle.__version__)
print("expected", [[[1.0]]], "the slope of relu(x + 0.5 h + 0.25) in x at 1, for h of 0.5")
rnn = paddle.nn.RNN(cell)
outputs, rates = jvp(lambda x: rnn(x, h)[0], x)
print("got     ", rates.numpy().tolist())
