"""As paddle-static-loop-of-one-row, for one unit and lengths.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import paddle

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
x, lengths = paddle.ones([2, 2, 1]), paddle.to_tensor([2, 1])
expected = rnn(x, sequence_length=lengths)[0].numpy()
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

static = paddle.jit.to_static(rnn, full_graph=True)
got = static(x, sequence_length=lengths)[0].numpy()
print("got     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 102 * 2**-24
