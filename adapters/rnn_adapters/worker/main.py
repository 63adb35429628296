"""`PYTHON main.py NAME`: `rnn_adapters.stdio.serve` in an environment in which this project is not.

Only this project's packages are lent to it. Their folder is not put on the path: it may hold the NumPy that
the framework cannot use.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ADAPTERS = Path(__file__).parents[1]


def lend(folder: Path) -> None:
    """Make a package importable by its name, from wherever it stands."""
    spec = spec_from_file_location(
        folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[folder.name] = module
    spec.loader.exec_module(module)


def reference() -> Path:
    """The folder of `rnn_reference`: beside the adapters where both are installed, else in the repository."""
    places = ADAPTERS.with_name("rnn_reference"), ADAPTERS.parents[1] / "reference" / "rnn_reference"
    return next(place for place in places if place.is_dir())


if __name__ == "__main__":
    lend(reference())
    lend(ADAPTERS)
    from rnn_adapters.stdio.serve import main

    main()
