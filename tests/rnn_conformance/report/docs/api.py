"""The pages of the API: one for each public module, made by autodoc of its docstrings."""

from __future__ import annotations

import pkgutil
from importlib import import_module

PACKAGES = {
    "rnn_reference": "the ground truth",
    "rnn_adapters": "the contract with implementations",
    "rnn_adapters.stdio": "the contract over standard input and output",
    "rnn_conformance.engine": "what checks are made of",
    "rnn_conformance.report": "what is made of results",
}
"""The packages whose modules are shown, and what each is."""

OF_FRAMEWORKS = ("jax_",)
"""How the names of modules begin that import a framework: they are the adapters' own, and not shown."""


def modules(package: str) -> list[str]:
    """The names of the modules of a package that are shown, in alphabetical order."""
    found = pkgutil.iter_modules(import_module(package).__path__)
    return [
        f"{package}.{module.name}"
        for module in found
        if not module.ispkg and not module.name.startswith(("_", *OF_FRAMEWORKS))
    ]


def api_pages() -> dict[str, str]:
    """The pages in reStructuredText, by their place."""
    pages = {"api/index.rst": _index()}
    for package in PACKAGES:
        names = modules(package)
        entries = "\n".join(f"   {name}" for name in names)
        pages[f"api/{package}.rst"] = (
            f"{_title(package)}\n.. automodule:: {package}\n   :no-index:\n\n.. toctree::\n\n{entries}\n"
        )
        for name in names:
            pages[f"api/{name}.rst"] = f"{_title(name)}\n.. automodule:: {name}\n   :members:\n"
    return pages


def _index() -> str:
    entries = "\n".join(f"   {what} <{package}>" for package, what in PACKAGES.items())
    return (
        f"{_title('API', code=False)}\nMade of the docstrings. None of these modules imports a framework.\n"
        f"\n.. toctree::\n   :titlesonly:\n\n{entries}\n"
    )


def _title(text: str, *, code: bool = True) -> str:
    shown = f"``{text}``" if code else text
    return f"{shown}\n{'=' * len(shown)}\n"
