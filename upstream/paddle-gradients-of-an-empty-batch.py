"""Without rows, gradients of weights are numbers that stand in memory; they should be zero.

Clause EDG-1 of rnn-conformance: an empty batch."""

import paddle

rnn = paddle.nn.SimpleRNN(8, 8)
expected, got = 0.0, 0.0
for _ in range(20):
    kept = [paddle.ones([64]) * 7 for _ in range(8)]  # memory that is given back and taken again
    del kept
    rnn.clear_gradients()
    rnn(paddle.zeros([0, 3, 8]))[0].sum().backward()
    got = max(got, *(float(weight.grad.abs().max()) for weight in rnn.parameters() if weight.grad is not None))
print("paddlepaddle", paddle.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
