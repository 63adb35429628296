"""tfjs: `tf.layers.simpleRNN` of TensorFlow.js and every other route into it, by a harness in JavaScript.

Nothing here starts Node. What is declared stands in `declarations.json`, which the harness sends as it is.

installed.py     where TensorFlow.js is installed, and what is missing
install.py       `python -m rnn_adapters.tfjs.install`
reproduction.py  what a call is in plain code of a script
running.py       the harness as a process, which all routes share
js/              the harness: main (lines), session (requests), written (numbers, arrays), network,
                 activations, layers, assemblies (how layers become a network), passages, derivatives,
                 surface, configuration, training, routes
"""

from __future__ import annotations

import json
from functools import partial
from importlib.resources import files
from typing import Any

import msgspec

from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import DEFAULT, Framework, Route
from rnn_adapters.reproduction import Code, Question
from rnn_adapters.tfjs.installed import NPM, PACKAGE
from rnn_adapters.written import ConventionsData, read_conventions

DECLARED: dict[str, Any] = json.loads((files(__name__) / "declarations.json").read_text("utf-8"))


def _adapter(route: str = DEFAULT) -> Adapter[Any]:
    from rnn_adapters.tfjs.running import harness

    return harness().adapter(route)


def _reproduced(question: Question) -> Code | None:
    from rnn_adapters.tfjs.reproduction import code

    return code(question)


FRAMEWORKS = (
    Framework(
        "tfjs",
        _adapter,
        routes={
            name: Route(route["kind"], route["what"], partial(_adapter, name), route.get("expensive", False))
            for name, route in DECLARED["routes"].items()
        },
        conventions=read_conventions(msgspec.convert(DECLARED["conventions"], ConventionsData)),
        title="`tf.layers.simpleRNN` of TensorFlow.js",
        missing=partial(NPM.missing, PACKAGE),
        install=NPM.command,
        npm=NPM,
        deviations="rnn_adapters.tfjs/deviations.toml",
        reproduction=_reproduced,
        bug_report="rnn_adapters.tfjs/bug_report.md",
    ),
)
