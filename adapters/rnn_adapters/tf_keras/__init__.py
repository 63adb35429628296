"""tf-keras: the Keras 2 API on TensorFlow (`tf_keras`), by the parts of Keras 3's adapter.

Nothing here imports tf_keras or TensorFlow.

names.py          tf_keras by the names that Keras 3 has for the same things
calling.py        how initial states are given besides `initial_state`
assembly.py       layers with time first, ragged input, TFLite
files.py          what TensorFlow writes of a model: TFLite
configuration.py  its options
reproduction.py   all this as the plain code of a script
routes.py         the routes, and what they declare
adapter.py        what it does otherwise than Keras 3
"""

from __future__ import annotations

from rnn_adapters.framework import Framework
from rnn_adapters.tf_keras.reproduction import code
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
        reproduction=code,
        bug_report="rnn_adapters.keras/bug_report.md",
    ),
)
