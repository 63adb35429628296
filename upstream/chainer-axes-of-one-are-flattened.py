"""Steps of two axes are taken where their sizes multiply to the number of features.

Clause ERR-2 of rnn-conformance: wrong number of axes is an error."""

import chainer
import numpy as np

link = chainer.links.NStepRNNTanh(1, 2, 1, 0.0)
sequence = np.zeros((3, 2, 1), "float32")  # three steps of two features, in an axis too many
print("chainer", chainer.__version__, "\nexpected an error", "\ngot     ", link(None, [sequence])[1][0].shape)
