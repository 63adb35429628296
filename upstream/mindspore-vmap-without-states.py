"""vmap of RNN without initial states raises an error.

Clause OPT-3 of rnn-conformance: the order of axes changes nothing."""

import mindspore as ms
import numpy as np

rnn = ms.nn.RNN(1, 2)
x, h = ms.Tensor(np.ones((3, 4, 1), "float32")), ms.ops.zeros((1, 4, 2))
print("mindspore", ms.__version__)
print("expected", rnn(x)[0].shape, ", as with states, where it is")
print("        ", ms.vmap(rnn, in_axes=1, out_axes=1)(x.expand_dims(2), h.expand_dims(2))[0].squeeze(2).shape)
print("got     ", ms.vmap(rnn, in_axes=1, out_axes=1)(x.expand_dims(2))[0].squeeze(2).shape)
