"""tf-keras: the Keras 2 API on TensorFlow (`tf_keras`), by the parts of Keras 3's adapter.

Nothing here imports tf_keras or TensorFlow.

names.py     tf_keras by the names that Keras 3 has for the same things
adapter.py   what it does otherwise
passages.py  files that only it writes: SavedModel, H5, TFLite
routes.py    the routes, and what they declare
"""

from __future__ import annotations

from rnn_adapters.framework import Framework
from rnn_adapters.tf_keras.routes import CONVENTIONS, ROUTES, made

FRAMEWORKS = (
    Framework(
        "tf-keras",
        made,
        routes=ROUTES,
        conventions=CONVENTIONS,
        title="`tf_keras.layers.SimpleRNN`",
        extra="tf-keras",
        modules=("tf_keras", "tensorflow"),
        deviations="rnn_adapters.tf_keras/deviations.toml",
    ),
)
