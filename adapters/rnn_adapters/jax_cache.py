"""Where JAX keeps what it has compiled from one process to the next."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any


def keep_compiled() -> None:
    """Keep compiled functions in the user's cache folder: most of a run's time goes into compiling them.

    A folder that the user has named (`JAX_COMPILATION_CACHE_DIR`) stays. What is compiled, and how, does not
    change.
    """
    from platformdirs import user_cache_path

    config: Any = import_module("jax").config
    if config.jax_compilation_cache_dir is not None:
        return
    folder: Path = user_cache_path("rnn-conformance") / "jax"
    config.update("jax_compilation_cache_dir", str(folder))
    # However quickly it was compiled, and however small it is.
    config.update("jax_persistent_cache_min_compile_time_secs", 0)
    config.update("jax_persistent_cache_min_entry_size_bytes", -1)
