"""Frameworks by name: of the folders beside this file, an entry point, `module:attribute` or `scheme:…`."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import rnn_adapters
from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import Framework, checked_adapter, framework_of
from rnn_reference.errors import BadInput

ENTRY_POINT_GROUP = "rnn_conformance.adapters"


@cache
def built_in() -> dict[str, Framework]:
    """The frameworks of this distribution by name; none is imported.

    Each has a folder with a tuple `FRAMEWORKS`; the reference, which needs none, comes first.
    """
    from rnn_adapters.reference import FRAMEWORKS

    found = [*FRAMEWORKS, *(framework for folder in _folders() for framework in folder.FRAMEWORKS)]
    return {framework.name: framework for framework in found}


@cache
def schemes() -> dict[str, Callable[[str], Framework]]:
    """By scheme, what makes a framework of the rest of a name `scheme:…`: the `SCHEMES` of the folders."""
    return {scheme: make for folder in _folders() for scheme, make in getattr(folder, "SCHEMES", {}).items()}


def _folders() -> list[ModuleType]:
    """The folders of frameworks beside this file; to import one imports no framework."""
    modules = pkgutil.iter_modules(rnn_adapters.__path__)
    folders = [importlib.import_module(f"rnn_adapters.{module.name}") for module in modules if module.ispkg]
    return [folder for folder in folders if hasattr(folder, "FRAMEWORKS")]


def known_adapters() -> dict[str, str]:
    """Every name, with what is behind it: "built in", or the `module:attribute` of an entry point.

    An entry point cannot take the name of what is built in (`shadowed`).
    """
    installed = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    return installed | dict.fromkeys(built_in(), "built in")


def shadowed() -> dict[str, str]:
    """The entry points that have the name of what is built in, and are therefore not used."""
    return {
        point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP) if point.name in built_in()
    }


def missing_modules(framework: Framework) -> list[str]:
    """The modules that a framework needs and that are not installed here."""
    return [module for module in framework.modules if find_spec(module) is None]


def load_framework(name: str) -> Framework:
    """The framework called `name`. What is named by `module:attribute` is imported now.

    Args:
        name: a known name, `module:attribute` where the attribute is a `Framework`, an `Adapter`, the class
            of one, or a function that returns either; or `scheme:…` (`schemes`), such as `stdio:COMMAND`.

    Raises:
        BadInput: no such name, the module is not installed, or what was found is neither.
    """
    if name in built_in():
        return built_in()[name]
    scheme, _, rest = name.partition(":")
    if scheme in schemes():
        return schemes()[scheme](rest)
    target = name if ":" in name else known_adapters().get(name)
    if target is None:
        raise BadInput(f"adapter {name!r} is not known{_did_you_mean(name)}")
    module_name, _, attribute = target.partition(":")
    found = _made(name, target, lambda: _attribute(module_name, attribute))
    if isinstance(found, Framework):
        return found
    if not isinstance(found, Adapter):
        raise BadInput(
            f"adapter {name!r}: expected {target} to give an rnn_adapters.Adapter or a Framework;"
            f" got {type(found).__name__}"
        )
    checked_adapter(found)
    return framework_of(found)


def load_adapter(name: str, route: str = "") -> Adapter[Any]:
    """The adapter of a framework's route; the framework is imported now and not before.

    Raises:
        BadInput: see `load_framework`; or the framework is not installed, or the adapter is broken.
    """
    framework = load_framework(name)
    return made_adapter(framework, route)


def made_adapter(framework: Framework, route: str = "") -> Adapter[Any]:
    """`framework.adapter(route)`, whose failures are explained.

    Raises:
        BadInput: the framework is not installed, or the adapter could not be made or is broken.
    """
    made: Adapter[Any] = _made(framework.name, "its Framework", lambda: framework.adapter(route), framework)
    return made


def _attribute(module_name: str, attribute: str) -> Any:
    found = importlib.import_module(module_name)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found() if inspect.isclass(found) or inspect.isroutine(found) else found


def _made(name: str, target: str, make: Any, framework: Framework | None = None) -> Any:
    try:
        return make()
    except BadInput:
        raise
    except ModuleNotFoundError as error:
        raise BadInput(_not_installed(name, error, framework)) from None
    except Exception as error:
        raise BadInput(
            f"adapter {name!r} could not be made from {target}: {type(error).__name__}: {error}"
        ) from error


def _did_you_mean(name: str) -> str:
    names = list(known_adapters())
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}? Known" if close else "; Known"
    return f"{hint}: {', '.join(names)}; an adapter of your own is named module:attribute"


def _not_installed(name: str, error: ModuleNotFoundError, framework: Framework | None) -> str:
    message = f"adapter {name!r} needs the module {error.name!r}, which is not installed here"
    extra = framework.extra if framework else ""
    return message + (f"; pip install 'rnn-conformance[{extra}]' brings it" if extra else "")
