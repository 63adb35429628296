"""A cell without biases has two among its parameters.

Clause PAR-2 of rnn-conformance: a layer without bias has this many parameters."""

import paddle

cell = paddle.nn.SimpleRNNCell(2, 3, bias_ih_attr=False, bias_hh_attr=False)
expected = 3 * 2 + 3 * 3
got = sum(parameter.size for parameter in cell.parameters())
print("paddle", paddle.__version__)
print("expected", expected)
print("got     ", got, "of", [tuple(parameter.shape) for parameter in cell.parameters()])
raise SystemExit(0 if got == expected else 1)
