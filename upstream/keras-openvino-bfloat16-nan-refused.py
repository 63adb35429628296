"""An array of bfloat16 that holds one number, NaN, raises RuntimeError.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import ml_dtypes
import numpy as np

x = np.array([np.nan], ml_dtypes.bfloat16)
print("keras", keras.__version__, "\nexpected", x.tolist())
print("got     ", keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(x)).tolist())
