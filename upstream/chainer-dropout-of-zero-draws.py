"""A stack without dropout draws from NumPy's random generator, so that what is drawn afterwards depends on it.

Clause LAW-11 of rnn-conformance: a call leaves random generators as they were."""

import chainer
import numpy as np

rnn = chainer.links.NStepRNNTanh(2, 1, 1, 0.0)  # no dropout
print("chainer", chainer.__version__)
np.random.seed(0)
expected = np.random.rand()
np.random.seed(0)
rnn(None, [np.array([[1.0]], "float32")])
got = np.random.rand()
print("expected", expected)
print("got     ", got)
raise SystemExit(0 if got == expected else 1)
