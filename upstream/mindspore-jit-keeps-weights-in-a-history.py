"""What jit has compiled goes on with its old weights after Parameter.set_data.

Clause HIS-7 of rnn-conformance: whatever was done before, a call is one of the weights of now."""

import mindspore as ms
import numpy as np

rnn = ms.nn.RNN(1, 1)
compiled, x = ms.jit(rnn), ms.Tensor(np.ones((1, 1, 1), "float32"))
before = compiled(x)[0].asnumpy()
for parameter in rnn.get_parameters():
    parameter.set_data(-parameter)
expected, got = rnn(x)[0].asnumpy(), compiled(x)[0].asnumpy()
print("mindspore", ms.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist(), "as before" if got == before else "")
assert np.abs(got - expected).max() <= 32 * 2**-24  # twice the bound of one step
