"""`python -m rnn_adapters.ort_node.install`: `npm ci` in the folder where the harness looks for its packages.

Nothing else installs them: a run does not use the network.
"""

from __future__ import annotations

from rnn_adapters.ort_node.installed import NPM

if __name__ == "__main__":
    NPM.main()
