"""Numbers are rounded to bfloat16 toward zero wherever the last bit that is kept is zero: 1.00586 to 1, not
to 1.00781.

Clause DTY-2 of rnn-conformance: a step rounds each product and sum once."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

one, other = (keras.ops.cast(np.float32([each]), "bfloat16") for each in (1, 2**-8 + 2**-9))
got = keras.ops.convert_to_numpy(keras.ops.add(one, other)).astype("float32")
expected = np.float32([1 + 2**-7])  # the nearest number of bfloat16 to 1.005859375
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got == expected
