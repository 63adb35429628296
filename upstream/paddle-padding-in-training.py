"""A step of training makes weights NaN where the padding is NaN.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import numpy as np
import paddle

rnn = paddle.nn.SimpleRNN(1, 1)
x, lengths = paddle.to_tensor([[[1.0], [float("nan")]]]), paddle.to_tensor([1])
sgd = paddle.optimizer.SGD(0.125, parameters=rnn.parameters())
rnn(x, sequence_length=lengths)[0][:, :1].sum().backward()
sgd.step()
got = [float(each.numpy().ravel()[0]) for each in rnn.parameters()]
print("paddle", paddle.__version__, "\nexpected finite weights\ngot     ", got)
assert np.isfinite(got).all()
