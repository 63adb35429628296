"""What jit has compiled goes on with its old weights after load_param_into_net.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import mindspore as ms
import numpy as np

rnn = ms.nn.RNN(1, 1)
compiled, x = ms.jit(rnn), ms.Tensor(np.ones((1, 1, 1), "float32"))
before = compiled(x)[0].asnumpy()
ms.load_param_into_net(rnn, {p.name: ms.Parameter(-p, name=p.name) for p in rnn.get_parameters()})
expected, got = rnn(x)[0].asnumpy(), compiled(x)[0].asnumpy()
print("mindspore", ms.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist(), "as before" if got == before else "")
assert np.abs(got - expected).max() <= 32 * 2**-24  # twice the bound of one step
