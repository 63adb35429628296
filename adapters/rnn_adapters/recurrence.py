"""The recurrence as a few lines of plain NumPy, as they stand in a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rnn_adapters.literals import WIDTH
from rnn_reference.activations import Activation, ActivationName

if TYPE_CHECKING:
    from rnn_adapters.reproduction import Question, Spoken

PHI: Mapping[ActivationName, str] = {
    "tanh": "np.tanh(z)",
    "relu": "np.maximum(z, 0)",
    "sigmoid": "1 / (1 + np.exp(-z))",
    "linear": "z",
    "softsign": "z / (1 + abs(z))",
    "softplus": "np.logaddexp(z, 0)",
    "elu": "np.where(z > 0, z, {alpha} * np.expm1(z))",
    "leaky_relu": "np.where(z > 0, z, {alpha} * z)",
    "hard_sigmoid": "np.clip({alpha} * z + {beta}, 0, 1)",
    "affine": "{alpha} * z + {beta}",
    "scaled_tanh": "{alpha} * np.tanh({beta} * z)",
}

WITHIN = ("tanh", "relu", "softplus")
"""Those in which z is an argument, and may be a sum."""


@dataclass(frozen=True)
class Loop:
    """What is shown of the recurrence's result.

    Args:
        dtype: the type that it is computed in.
        masked: what the sequence output shows at masked time steps: zero, or the state that stays.
        turned: outputs of a layer that goes backwards stand at the times of their inputs.
    """

    dtype: Literal["float64", "longdouble"] = "float64"
    masked: Literal["zero", "state"] = "zero"
    turned: bool = False


def recurrence(question: Question, loop: Loop) -> list[str]:
    """Lines that give `expected` from the arrays of the calls.

    Calls that were made before are part of one long sequence.
    """
    if len(question.network.cells) == 1:
        return _one_cell(question, loop)
    same = len({cell.activation for cell in question.network.cells}) == 1
    valid = valid_steps(question)
    z = "x[:, t] @ W_x.T + h @ W_h.T + b"
    step = _step(z, question.network.cells[0].activation, valid and "valid") if same else []
    step = step or [f"h = {_where(valid and 'valid', f'phi({z})')}"]
    lines = [
        f"def rnn(x, h, W_x, W_h, b{'' if same else ', phi'}{', valid' if valid else ''}):",
        f'    x, h, states = x.astype("{loop.dtype}"), np.asarray(h, "{loop.dtype}"), []',
        "    for t in range(x.shape[1]):",
        *(f"        {line}" for line in step),
        "        states.append(h)",
        "    return np.stack(states, axis=1), h",
        "",
    ]
    return [*lines, *_layers(question, loop, same, valid)]


def _one_cell(question: Question, loop: Loop) -> list[str]:
    """The recurrence of one layer of one direction."""
    call, valid, cell = question.call, valid_steps(question), question.network.cells[0]
    first, sequence = question.spoken[0], question.quantity == "sequence"
    lines, x = list[str](), first.x
    if question.before:
        x, inputs = "whole", ", ".join(spoken.x for spoken in question.spoken)
        lines.append(f"whole = np.concatenate([{inputs}], axis=1)")
    if valid and not valid.isidentifier():
        lines, valid = [*lines, f"valid = {valid}"], "valid"
    h = f'np.zeros(({len(call.x)}, {cell.hidden_size}), "{loop.dtype}")'
    if first.states is not None:
        h = f'{first.states[0][0]}.astype("{loop.dtype}")'
    time = sum(spoken.call.x.shape[1] for spoken in question.spoken)
    steps = f"reversed(range({time}))" if call.go_backwards else f"range({time})"
    bias = f" + {question.bias(0)}" if question.bias(0) else ""
    z = f'{x}[:, t].astype("{loop.dtype}") @ W_x.T + h @ W_h.T{bias}'
    lines += [
        f"h, states = {h}, []" if sequence else f"h = {h}",
        f"for t in {steps}:",
        *(f"    {line}" for line in _step(z, cell.activation, valid)),
    ]
    if not sequence:
        return [*lines, f"expected = {'h' if question.quantity == 'last' else 'h[None]'}"]
    zero = valid and loop.masked == "zero"
    shown = f"np.where({valid}[:, t, None], h, 0)" if zero else "h"
    lines.append(f"    states.append({shown})")
    turn = "[::-1]" if call.go_backwards and loop.turned else ""
    last = f"[-{call.x.shape[1]}:]" if question.before else ""
    return [*lines, f"expected = np.stack(states{turn or last}, axis=1)"]


def _step(z: str, activation: Activation, valid: str) -> list[str]:
    """Lines that give h of one step: φ of an expression, where the step is valid."""
    phi = phi_of(activation)
    whole = f"h = {_where(valid, phi.replace('z', z))}"
    if activation.name in WITHIN and len(whole) <= WIDTH - 8:
        return [whole]
    return [f"z = {z}", f"h = {_where(valid, phi)}"]


def _where(valid: str, value: str) -> str:
    return f"np.where({valid}[:, t, None], {value}, h)" if valid else value


def valid_steps(question: Question) -> str:
    """An expression for the valid time steps (batch, time) of all calls together; "" where all are."""
    said = [_valid(spoken) for spoken in question.spoken]
    if not any(said):
        return ""
    if len(said) == 1:
        return said[0]
    each = [one or f"np.ones({s.x}.shape[:2], bool)" for one, s in zip(said, question.spoken, strict=True)]
    return f"np.concatenate([{', '.join(each)}], axis=1)"


def _valid(spoken: Spoken) -> str:
    """The same of one call."""
    of_lengths = f"np.arange({spoken.x}.shape[1]) < {spoken.lengths}[:, None]" if spoken.lengths else ""
    if of_lengths and spoken.mask:
        return f"({of_lengths}) & {spoken.mask}"
    return of_lengths or spoken.mask


def phi_of(activation: Activation) -> str:
    """φ(z) in NumPy's words."""
    return PHI[activation.name].format(**{name: repr(v) for name, v in activation.parameters.items()})


def _layers(question: Question, loop: Loop, same: bool, valid: str) -> list[str]:
    """The layers, one after the other, and what is asked of them."""
    network, call, lines = question.network, question.call, list[str]()
    if valid and not valid.isidentifier():
        lines, valid = [f"valid = {valid}"], "valid"
    inputs = [spoken.x for spoken in question.spoken]
    y = inputs[0] if len(inputs) == 1 else f"np.concatenate([{', '.join(inputs)}], axis=1)"
    given, index = question.spoken[0].states, 0
    for number, layer in enumerate(network.layers):
        outputs, finals = list[str](), list[str]()
        top = number == network.num_layers - 1
        for direction, cell in enumerate(layer.cells):
            backwards = direction == 1 or call.go_backwards
            turn = "[:, ::-1]" if backwards else ""
            h = given[number][direction] if given else f"np.zeros(({call.x.shape[0]}, {cell.hidden_size}))"
            weights = [question.weight(role, index) for role in ("W_x", "W_h")]
            arguments = [f"{y}{turn}", h, *weights, question.bias(index) or "0"]
            arguments += [] if same else [f"lambda z: {phi_of(cell.activation)}"]
            arguments += [f"{valid}{turn}"] if valid else []
            number_of_cell = "" if len(network.cells) == 1 else f"_{index}"
            states, final = f"states{number_of_cell}", f"h{number_of_cell}"
            lines.append(f"{states}, {final} = rnn({', '.join(arguments)})")
            outputs.append(f"{states}[:, ::-1]" if direction == 1 or (backwards and loop.turned) else states)
            finals.append(final)
            index += 1
        merge = call.merge_mode if top else "concat"
        if question.quantity == "final states" and number == question.layer:
            return [*lines, f"expected = np.stack([{', '.join(finals)}])"]
        if top and question.quantity == "last":
            return [*lines, f"expected = {merged(merge, finals)}"]
        y = merged(merge, outputs)
        if not top and not y.isidentifier():
            lines.append(f"y = {y}")
            y = "y"
    last = f"[:, -{call.x.shape[1]}:]" if question.before else ""
    if valid and loop.masked == "zero":
        order = valid if loop.turned or not call.go_backwards else f"{valid}[:, ::-1]"
        y = f"np.where({order}[:, :, None], {y}, 0)"
    return [*lines, f"expected = {y if not last or y.isidentifier() else f'({y})'}{last}"]


def merged(mode: str, parts: list[str]) -> str:
    """The outputs of one or two directions as one."""
    if len(parts) == 1:
        return parts[0]
    if mode in ("concat", "none"):
        return f"np.concatenate([{', '.join(parts)}], axis=-1)"
    return {"sum": "{} + {}", "mul": "{} * {}", "ave": "({} + {}) / 2"}[mode].format(*parts)
