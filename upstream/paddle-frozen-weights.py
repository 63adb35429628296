"""A SimpleRNN of which some weights have no gradient cannot be trained.

Clause TRN-4 of rnn-conformance: layers that are not trained keep their weights."""

import numpy as np
import paddle

rnn = paddle.nn.SimpleRNN(1, 1, num_layers=2)
for parameter in rnn.parameters()[:4]:  # those of the first layer
    parameter.stop_gradient = True
y, h_n = rnn(paddle.to_tensor(np.array([[[1.0]]], "float32")))
print("paddle", paddle.__version__)
print("expected gradients of the second layer")
y.sum().backward()  # ValueError: Required tensor shall not be nullptr
print("got     ", [parameter.grad is not None for parameter in rnn.parameters()[4:]])
