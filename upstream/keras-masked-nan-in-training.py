"""A step of training makes weights NaN where the input is NaN at a masked time step.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import keras
import numpy as np

inputs, mask = keras.Input((2, 1)), keras.Input((2,), dtype="bool")
model = keras.Model([inputs, mask], keras.layers.SimpleRNN(1)(inputs, mask=mask))
model.compile(keras.optimizers.SGD(0.125), lambda d, y: d * y)
given = [np.float32([[[1.0], [np.nan]]]), np.array([[True, False]])]
print("keras", keras.__version__, "on", keras.backend.backend(), "\noutput  ", model.predict(given, verbose=0))
model.fit(given, np.ones((1, 1), "float32"), verbose=0)
got = [float(weight.ravel()[0]) for weight in model.get_weights()]
print("expected finite weights", "\ngot     ", got)
assert np.isfinite(got).all()
