"""What it all costs: `rnn-conformance measure cost` (`tox run -e bench`).

Three tables: what a verified case costs with each adapter, and how much of that is not the framework; one
forward pass of the reference beside the frameworks, on one thread; the start of the command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

ADAPTERS = ("reference", "torch", "keras-tensorflow", "keras-torch", "keras-jax", "keras-numpy")
SIZES = {"batch": 32, "time": 100, "input": 64, "hidden": 128}
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@click.command()
@click.option("--adapter", "adapters", multiple=True, help="Only these.  [default: all that are installed]")
@click.option("--forward", "forward_of", hidden=True)
def main(adapters: tuple[str, ...], forward_of: str | None) -> None:
    """Measure and print."""
    if forward_of:
        click.echo(repr(forward_milliseconds(forward_of)))
        return
    console = Console()
    if not console.is_terminal:
        console.width = 110
    chosen = adapters or tuple(filter(_installed, ADAPTERS))
    console.print(_cases(chosen))
    console.print(_forward(chosen))
    console.print(_start())


def _installed(adapter: str) -> bool:
    from rnn_adapters.registry import load_framework, missing_modules

    return not missing_modules(load_framework(adapter))


def _cases(adapters: tuple[str, ...]) -> Table:
    from rnn_conformance.engine.clauses import all_clauses
    from rnn_conformance.running.messages import Job
    from rnn_conformance.running.process import run_adapter

    table = Table(title="A verified case, quick profile", title_justify="left", header_style="bold")
    table.add_column("adapter")
    for heading in (
        "cases",
        "ms per case",
        "of it outside",
        "outside, ms",
        "start-up s",
        "in all s",
        "peak MiB",
    ):
        table.add_column(heading, justify="right")
    for adapter in adapters:
        result = run_adapter(Job(adapter, list(all_clauses())), timeout=600)
        cases = sum(outcome.cases for outcome in result.outcomes)
        seconds = sum(outcome.seconds for outcome in result.outcomes)
        outside = seconds - sum(outcome.framework_seconds for outcome in result.outcomes)
        table.add_row(
            result.adapter,
            str(cases),
            f"{1e3 * seconds / cases:.2f}",
            f"{outside / seconds:.0%}",
            f"{1e3 * outside / cases:.2f}",
            f"{result.start_up_seconds:.1f}",
            f"{result.seconds:.1f}",
            f"{result.peak_memory_mib:.0f}",
        )
    return table


def _forward(adapters: tuple[str, ...]) -> Table:
    sizes = ", ".join(f"{name} {size}" for name, size in SIZES.items())
    title = f"One forward pass, float32, one thread: {sizes}"
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("")
    for heading in ("ms", "÷ reference"):
        table.add_column(heading, justify="right")
    reference = None
    for adapter in dict.fromkeys(("reference", *adapters)):
        command = [sys.executable, "-m", "rnn_conformance.measure.cost", "--forward", adapter]
        environment = {**os.environ, **ONE_THREAD}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        milliseconds = float(done.stdout.split()[-1])
        reference = reference or milliseconds
        label = f"{adapter}, eager" if adapter.startswith("keras") else adapter
        table.add_row(label, f"{milliseconds:.1f}", f"{milliseconds / reference:.2f}")
    return table


def forward_milliseconds(name: str) -> float:
    """The fastest of several forward passes; Keras is called eagerly, as a layer."""
    import numpy as np

    from rnn_adapters.registry import load_adapter
    from rnn_reference.network import Cell, Layer, Network

    B, T, I, H = SIZES.values()  # noqa: E741 (the spec's symbol)
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> Any:
        return (rng.normal(size=shape) * shape[-1] ** -0.5).astype(np.float32)

    network = Network(Layer(Cell(draw(H, I), draw(H, H), draw(H))))
    x = draw(B, T, I)
    adapter: Any = load_adapter(name)  # Keras's has the module `keras`
    model = adapter.load(network)
    call: Callable[[], Any]
    if name == "reference":
        from rnn_reference.forward import run_network

        def call() -> Any:
            return run_network(network, x)

    elif name == "torch":
        import torch

        torch.set_num_threads(1)
        tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, 1, 0)))

        def call() -> Any:
            with torch.no_grad():
                return model(tensor)

    else:
        layer = model.main.layers[0]
        tensor = adapter.keras.ops.convert_to_tensor(x)

        def call() -> Any:
            return adapter.keras.ops.convert_to_numpy(layer(tensor)[0])

    call()
    times = []
    for _ in range(10):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def _start() -> Table:
    table = Table(title="The command line, fastest of 5", title_justify="left", header_style="bold")
    table.add_column("")
    table.add_column("s", justify="right")
    for arguments in (["--help"], ["clauses"], ["run", "--case", "none.json"]):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "rnn_conformance.cli", *arguments], capture_output=True, check=False
            )
            times.append(time.perf_counter() - start)
        table.add_row(f"rnn-conformance {' '.join(arguments)}", f"{min(times):.2f}")
    return table


if __name__ == "__main__":
    main()
