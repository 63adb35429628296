"""The routes of JAX's libraries to other devices. Nothing here imports JAX before it is asked for one."""

from __future__ import annotations

from dataclasses import replace

from rnn_adapters.reproduction import Code

DEVICES = ("gpu",)
"""As `jax.devices` has them; routes of these names lead there."""


def missing_device(name: str) -> list[str]:
    """What is missing for a route to a device, as `Route.missing` has it."""
    import jax

    try:
        jax.devices(name)
    except RuntimeError:  # there is none
        return [f"a device {name!r} that JAX sees"]
    return []


def on_device(code: Code | None, route: str) -> Code | None:
    """The code of a script, on the device that the route leads to."""
    if code is None or route not in DEVICES:
        return code
    chosen = f'jax.config.update("jax_default_device", jax.devices("{route}")[0])'
    imported = code.imports if "import jax" in code.imports else ["import jax", *code.imports]
    return replace(code, imports=[*imported, chosen])
