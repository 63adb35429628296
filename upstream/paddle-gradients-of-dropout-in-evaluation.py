"""A layer that is to drop between layers has no gradients in evaluation.

Clause GRD-18 of rnn-conformance: gradients of layers that go backwards and of merged directions."""

import paddle

rnn, x = paddle.nn.SimpleRNN(1, 1, dropout=0.5), paddle.ones([1, 2, 1])
rnn.eval()
x.stop_gradient = False
print("paddlepaddle", paddle.__version__, "\nexpected a gradient")
output, _ = rnn(x)
(gradient,) = paddle.grad([output], [x])
print("got", gradient.numpy().tolist())
