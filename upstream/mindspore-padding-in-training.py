"""A step of training makes weights NaN if the padding of the input is NaN.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import mindspore as ms
import numpy as np

x, lengths = ms.Tensor(np.float32([[[1.0]], [[np.nan]]])), ms.Tensor(np.array([1]))
rnn = ms.nn.RNN(1, 1)
held = ms.ParameterTuple(rnn.trainable_params())
_, gradients = ms.value_and_grad(lambda: rnn(x, None, lengths)[0][0].sum(), None, held)()
ms.nn.SGD(held, learning_rate=0.125)(gradients)
got = [float(weight.asnumpy().ravel()[0]) for weight in held]
print("mindspore", ms.__version__, "\nexpected finite weights", "\ngot     ", got)
assert np.isfinite(got).all()
