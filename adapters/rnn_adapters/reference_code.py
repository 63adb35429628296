"""The reference's part of a reproduction: `run_network`, as it is called by whoever computes with it."""

from __future__ import annotations

from rnn_adapters.literals import split
from rnn_adapters.recurrence import valid_steps
from rnn_adapters.reproduction import Code, Question, stacked


def code(question: Question) -> Code | None:
    """Plain code of one call; none of derivatives, dropout, mixed precision and merged directions."""
    call = question.call
    options = call.dropout or call.compute_dtype or call.merge_mode not in ("concat", "none")
    if options or question.before or question.derivative is not None:
        return None
    (spoken,), valid = question.spoken, valid_steps(question)
    turn = "[:, ::-1]" if call.go_backwards else ""
    cells = iter(range(len(question.network.cells)))
    layers = [
        f"Layer({', '.join(_cell(question, next(cells)) for _ in layer.cells)})"
        for layer in question.network.layers
    ]
    states = "None" if spoken.states is None else f"[{', '.join(map(stacked, spoken.states))}]"
    arguments = [f"{spoken.x}{turn}", states, *([f"({valid}){turn}"] if valid else [])]
    shown = {"sequence": "result.sequence", "last": "result.last"}
    got = shown.get(question.quantity, f"result.final_states[{question.layer}]")
    if valid and question.quantity == "sequence":
        got = f"np.where(({valid}){turn}[:, :, None], {got}, 0)"
    return Code(
        imports=["import numpy as np", "", "from rnn_reference import Cell, Layer, Network, run_network"],
        made=split("network = Network([", layers, "])"),
        called=[f"result = run_network(network, {', '.join(arguments)})"],
        got=got,
        version="np.__version__",
    )


def _cell(question: Question, index: int) -> str:
    arrays = [name for role in ("W_x", "W_h", "b", "b_h") if (name := question.weight(role, index))]
    activation = question.network.cells[index].activation
    named = [] if str(activation) == "tanh" else [f'activation="{activation}"']
    return f"Cell({', '.join([*arrays, *named])})"
