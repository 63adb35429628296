"""In mixed precision, a layer that is given initial states in a model cannot be trained.

Clause TRN-7 of rnn-conformance: training leaves nothing behind but weights."""

import numpy as np
import tf_keras as keras

keras.mixed_precision.set_global_policy("mixed_bfloat16")
x, h0 = keras.Input((1, 1), batch_size=1), keras.Input((1,), batch_size=1)
model = keras.Model([x, h0], keras.layers.SimpleRNN(1)(x, initial_state=h0))
model.compile("sgd", "mse")
print("tf_keras", keras.__version__, "\nexpected a loss")
print("got     ", model.train_on_batch([np.ones((1, 1, 1)), np.ones((1, 1))], np.ones((1, 1))))
