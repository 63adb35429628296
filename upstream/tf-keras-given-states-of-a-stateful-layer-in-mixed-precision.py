"""In mixed precision, a stateful layer that is called with symbols and initial states raises TypeError.

Clause SHP-4 of rnn-conformance: the type of outputs is inferred."""

import tf_keras as keras

x, h0 = keras.Input(batch_shape=(1, 1, 1)), keras.Input(batch_shape=(1, 1))
layer = keras.layers.SimpleRNN(1, stateful=True, dtype="mixed_float16")
print("tf_keras", keras.__version__, "\nexpected float16")
assert layer(x, initial_state=h0).dtype == "float16"
