"""The generated tables of the spec: `python -m rnn_conformance.report.tables` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from rnn_adapters.adapter import Conventions
from rnn_adapters.keras.adapter import COMPILED, ROUTES, conventions_on
from rnn_adapters.reference import ReferenceAdapter
from rnn_adapters.torch.adapter import TorchAdapter
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.clauses import spec_folder

SHOWN: tuple[tuple[Conventions, str], ...] = (
    (ReferenceAdapter.conventions, ""),
    (TorchAdapter.conventions, ""),
    (conventions_on("tensorflow"), " on TensorFlow, torch"),
    (conventions_on("numpy"), " on JAX, NumPy"),
)
"""What stands in the table, with what its heading says besides the name of the layer."""
GENERATED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def conventions_table() -> str:
    """The declared conventions of the frameworks, a column each."""

    def axes(names: tuple[str, ...]) -> str:
        return f"({', '.join(names).replace('*', '·')}{',' if len(names) == 1 else ''})"

    def weight(role: str) -> Callable[[Conventions], str]:
        def cell(conventions: Conventions) -> str:
            found = [native for native in conventions.weights if native.role == role]
            return f"`{found[0].name}` {axes(found[0].axes)}" if found else "–"

        return cell

    rows: dict[str, Callable[[Conventions], str]] = {
        "input": lambda c: axes(c.axes["x"]),
        "sequence output": lambda c: axes(c.axes["sequence"]),
        "final states": lambda c: axes(c.axes["final_states"]),
        "order of final states": lambda c: c.final_state_order,
        "last output": lambda c: c.last_output,
        "sequence output at masked steps": lambda c: c.padded_output,
        "the same, bidirectional": lambda c: c.padded_output_bidirectional,
        "outputs of going backwards": lambda c: (
            f"{c.go_backwards_order} order" if c.go_backwards_order else "–"
        ),
        "W_x": weight("W_x"),
        "W_h": weight("W_h"),
        "first bias": weight("b"),
        "second bias": weight("b_h"),
        "bias vectors": lambda c: str(c.bias_vectors or "as given"),
    }
    lines = [["", *(f"`{shown.layer}`{where}" for shown, where in SHOWN)], ["---"] * (len(SHOWN) + 1)]
    lines += [[name, *(cell(shown) for shown, _ in SHOWN)] for name, cell in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def routes_table() -> str:
    """The ways into each framework, by the clause that is about them."""
    # A kind of way in has one clause in the chapter on options; a later one (GRD-9) is about them all.
    kinds = {kind: check.clause for check in reversed(all_checks().values()) for kind in check.routes}
    compiled = {name: route for routes in COMPILED.values() for name, route in routes.items()}
    frameworks = {"torch": TorchAdapter.routes, "Keras": ROUTES | compiled}
    lines = ["| clause | framework | route | what it is |", "| --- | --- | --- | --- |"]
    for kind, clause in kinds.items():
        for framework, routes in frameworks.items():
            lines += [
                f"| {clause} | {framework} | {name} | {route.what} |"
                for name, route in routes.items()
                if route.kind == kind
            ]
    return "\n".join(lines)


def initialisation_table() -> str:
    """The rules by which the frameworks draw fresh weights."""
    shown = {"`torch.nn.RNN`": TorchAdapter.conventions, "`keras.layers.SimpleRNN`": conventions_on("numpy")}
    lines = [["", "W_x", "W_h", "first bias", "second bias"], ["---"] * 5]
    lines += [
        [name, *(conventions.initialisation.get(role, "–") for role in ("W_x", "W_h", "b", "b_h"))]
        for name, conventions in shown.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "conventions": conventions_table,
    "routes": routes_table,
    "initialisation": initialisation_table,
}


def with_tables(markdown: str) -> str:
    """The chapter with its generated tables made anew."""
    return GENERATED.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", markdown)


def stale_chapters() -> list[Path]:
    """Chapters whose tables are not what the declarations give."""
    return [
        path
        for path in sorted(spec_folder().glob("*.md"))
        if (text := path.read_text(encoding="utf-8")) != with_tables(text)
    ]


if __name__ == "__main__":
    for path in stale_chapters():
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote {path}")
