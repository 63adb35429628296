"""Adapters by name: built in, from an entry point, or as `module:attribute`."""

from __future__ import annotations

import difflib
import importlib
import inspect
from importlib.metadata import entry_points
from typing import Any

from rnn_adapters.adapter import Adapter
from rnn_reference.errors import BadInput

ENTRY_POINT_GROUP = "rnn_conformance.adapters"

BUILT_IN = {
    "reference": "rnn_adapters.reference:ReferenceAdapter",
    "torch": "rnn_adapters.torch.adapter:TorchAdapter",
    "keras": "rnn_adapters.keras.adapter:KerasAdapter",
    "keras-tensorflow": "rnn_adapters.keras.adapter:tensorflow",
    "keras-torch": "rnn_adapters.keras.adapter:torch",
    "keras-jax": "rnn_adapters.keras.adapter:jax",
    "keras-numpy": "rnn_adapters.keras.adapter:numpy",
}
"""`keras` runs on the backend in force (KERAS_BACKEND); the others choose theirs."""

EXTRAS = {
    "torch": "torch",
    "keras": "tensorflow",
    "keras-tensorflow": "tensorflow",
    "keras-torch": "keras-torch",
    "keras-jax": "keras-jax",
    "keras-numpy": "keras-numpy",
}


NEEDS = {
    "torch": ("torch",),
    "keras": ("keras",),
    "keras-tensorflow": ("keras", "tensorflow"),
    "keras-torch": ("keras", "torch"),
    "keras-jax": ("keras", "jax"),
    "keras-numpy": ("keras", "jax", "scipy"),
}


def modules_needed(name: str) -> tuple[str, ...]:
    """The top-level modules without which a built-in adapter cannot be made."""
    return NEEDS.get(name, ())


def known_adapters() -> dict[str, str]:
    """Every adapter that has a name, with the `module:attribute` behind it."""
    installed = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    return BUILT_IN | installed


def load_adapter(name: str) -> Adapter[Any]:
    """The adapter called `name`; its framework is imported now and not before.

    Args:
        name: a known name, or `module:attribute` where the attribute is an adapter, its class, or a
            function that returns one.

    Raises:
        BadInput: no such adapter, its framework is not installed, or what was found is no adapter.
    """
    target = name if ":" in name else known_adapters().get(name)
    if target is None:
        raise BadInput(f"adapter {name!r} is not known{_did_you_mean(name)}")
    module_name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, attribute)
        adapter = found() if inspect.isclass(found) or inspect.isroutine(found) else found
    except BadInput:
        raise
    except ModuleNotFoundError as error:
        raise BadInput(_not_installed(name, error)) from None
    except Exception as error:
        raise BadInput(
            f"adapter {name!r} could not be made from {target}: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(adapter, Adapter):
        raise BadInput(
            f"adapter {name!r}: expected {target} to give an rnn_adapters.adapter.Adapter;"
            f" got {type(adapter).__name__}"
        )
    return adapter


def _did_you_mean(name: str) -> str:
    names = list(known_adapters())
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}? Known" if close else "; Known"
    return f"{hint}: {', '.join(names)}; an adapter of your own is named module:attribute"


def _not_installed(name: str, error: ModuleNotFoundError) -> str:
    message = f"adapter {name!r} needs the module {error.name!r}, which is not installed here"
    extra = EXTRAS.get(name)
    return message + (f"; pip install 'rnn-conformance[{extra}]' brings it" if extra else "")
