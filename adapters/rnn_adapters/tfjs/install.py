"""`python -m rnn_adapters.tfjs.install`: `npm ci` in the folder where the harness looks for TensorFlow.js.

Nothing else installs it: a run does not use the network.
"""

from __future__ import annotations

from rnn_adapters.tfjs.installed import NPM

if __name__ == "__main__":
    NPM.main()
