"""Other ways into `torch.nn.RNN`: other axes, its cell, saved, compiled, scripted.

Each is the usual adapter with one thing changed. Importing this module imports torch.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch as framework

from rnn_adapters.adapter import Call, CannotExpress, Output
from rnn_adapters.declarations import NativeWeight
from rnn_adapters.torch.adapter import PARAMETERS, TorchAdapter, array, fill
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


class BatchFirst(TorchAdapter):
    """Batch before time in input and output; the states stay as they are."""

    batch_first = True
    conventions = replace(
        TorchAdapter.conventions,
        axes=dict(TorchAdapter.conventions.axes)
        | {"x": ("batch", "time", "input"), "sequence": ("batch", "time", "directions*hidden")},
    )


class Unbatched(TorchAdapter):
    """Each row without an axis for the batch."""

    conventions = replace(
        TorchAdapter.conventions,
        axes={
            "x": ("time", "input"),
            "sequence": ("time", "directions*hidden"),
            "final_states": ("layers*directions", "hidden"),
        },
    )
    supports = replace(TorchAdapter.supports, lengths=False)

    def forward(self, module: Any, x: Any, h0: Any) -> tuple[Any, Any]:
        if x.ndim != 3:
            return super().forward(module, x, h0)
        if not x.shape[1]:
            raise CannotExpress("no row, no call")
        if h0 is not None and h0.shape[1] != x.shape[1]:
            raise CannotExpress("a row and its state always come together")
        rows = [module(x[:, b], None if h0 is None else h0[:, b]) for b in range(x.shape[1])]
        sequences, states = zip(*rows, strict=True)
        return framework.stack(sequences, 1), framework.stack(states, 1)

    def run(self, model: Any, call: Call) -> Output:
        output = super().run(model, call)
        shapes = {name: (*shape[:1], *shape[2:]) for name, shape in output.native_shapes.items()}
        return replace(output, native_shapes=shapes)


class SortedLengths(TorchAdapter):
    """Rows sorted by length, as `enforce_sorted=True` asks, and put back into their order."""

    enforce_sorted = True
    supports = replace(TorchAdapter.supports, second_gradients=False)

    def run(self, model: Any, call: Call) -> Output:
        if call.lengths is None or len(call.lengths) != len(call.x):  # torch is to answer a mistake
            return super().run(model, call)
        order, back = self._order(call.lengths)
        output = super().run(model, self._ordered(call, order))
        return replace(
            output,
            sequence=None if output.sequence is None else output.sequence[back],
            final_states=tuple(state[:, back] for state in output.final_states or ()),
        )

    def gradients(self, model: Any, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.lengths is None:
            return super().gradients(model, call, d_sequence, d_final_states)
        order, back = self._order(call.lengths)
        d_final = tuple(state[:, order] for state in d_final_states)
        found = super().gradients(model, self._ordered(call, order), d_sequence[order], d_final)
        states = tuple(state[:, back] for state in found.initial_states)
        return Gradients(found.x[back], states, found.cells)

    def _order(self, lengths: Array) -> tuple[Array, Array]:
        """The longest row first; and back again."""
        order = np.argsort(-lengths, kind="stable")
        return order, np.argsort(order)

    def _ordered(self, call: Call, order: Array) -> Call:
        assert call.lengths is not None
        states = None if call.initial_states is None else tuple(s[:, order] for s in call.initial_states)
        return replace(call, x=call.x[order], initial_states=states, lengths=call.lengths[order])


class RecordingGradients(TorchAdapter):
    """The call is recorded for gradients, for which torch may choose other kernels."""

    recording = True


class FunctionalCall(TorchAdapter):
    """The weights are arguments of the call; gradients by `torch.func.vjp`."""

    def forward(self, module: Any, x: Any, h0: Any) -> tuple[Any, Any]:
        weights = {name: parameter.clone() for name, parameter in module.named_parameters()}
        sequence, h_n = framework.func.functional_call(module, weights, (x, h0))
        return sequence, h_n

    def gradients(self, model: Any, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if call.lengths is not None:
            raise CannotExpress("torch.func transforms functions of tensors, not of packed sequences")
        x, states, weights = self._sources(model, call)
        names = [name for name, _ in self._named(model)]

        def outputs(x: Any, states: list[Any], weights: list[Any]) -> tuple[Any, Any]:
            arguments = (x.transpose(0, 1), framework.cat(states))
            by_name = dict(zip(names, weights, strict=True))
            sequence, h_n = framework.func.functional_call(model.eval(), by_name, arguments)
            return sequence.transpose(0, 1), h_n

        of = [source.detach() for source in (x, *states, *weights)]
        pull_back = framework.func.vjp(outputs, of[0], of[1 : 1 + len(states)], of[1 + len(states) :])[1]
        dx, d_states, d_weights = pull_back(tuple(self.cotangents(d_sequence, d_final_states)))
        return self._as_gradients(model, call, [dx, *d_states, *d_weights])


class StateDict(TorchAdapter):
    """Weights that were written to a file and read into another module."""

    def load(self, network: Network) -> Any:
        file = io.BytesIO()
        framework.save(super().load(network).state_dict(), file)
        file.seek(0)
        module = framework.nn.RNN(**self._options(network)).eval()
        module.load_state_dict(framework.load(file, weights_only=True))
        return module


class Compiled(TorchAdapter):
    """`torch.compile`, which by default leaves an RNN as it is (a graph break)."""

    def __init__(self) -> None:
        super().__init__()
        self._compiled: dict[Any, Any] = {}

    def forward(self, module: Any, x: Any, h0: Any) -> tuple[Any, Any]:
        if module not in self._compiled:
            self._compiled[module] = framework.compile(module)
        return super().forward(self._compiled[module], x, h0)


class Holder(framework.nn.Module):
    """TorchScript needs a module with one `forward`; that of RNN is overloaded."""

    def __init__(self, rnn: framework.nn.RNN) -> None:
        super().__init__()
        self.rnn = rnn

    def forward(
        self, x: framework.Tensor, h0: framework.Tensor | None
    ) -> tuple[framework.Tensor, framework.Tensor]:
        """As RNN's."""
        return self.rnn(x, h0)  # type: ignore[no-any-return]


class Scripted(TorchAdapter):
    """TorchScript."""

    supports = replace(TorchAdapter.supports, lengths=False, dropout=())

    def __init__(self) -> None:
        super().__init__()
        self._scripted: dict[Any, Any] = {}

    def forward(self, module: Any, x: Any, h0: Any) -> tuple[Any, Any]:
        if module not in self._scripted:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecated, and still to be right
                self._scripted[module] = framework.jit.script(Holder(module))
        return super().forward(self._scripted[module], x, h0)


class CellLoop(TorchAdapter):
    """`torch.nn.RNNCell`, called for each step: one layer of one direction."""

    conventions = replace(
        TorchAdapter.conventions,
        layer="torch.nn.RNNCell",
        weights=tuple(
            NativeWeight(weight.role, weight.name.removesuffix("_l{layer}"), weight.axes)
            for weight in TorchAdapter.conventions.weights
        ),
        axes={"x": ("batch", "input"), "final_states": ("batch", "hidden")},
    )
    supports = replace(
        TorchAdapter.supports,
        stacked=False,
        bidirectional=False,
        lengths=False,
        dropout=(),
        freshly_initialised=False,
        tangents=False,
        second_gradients=False,
        count_parameters=True,
    )

    def load(self, network: Network) -> Any:
        cell = self._module(network)
        with framework.no_grad():
            fill(_parameters_of_cell(cell), network.cells[0])
        return cell

    def _module(self, network: Network) -> Any:
        (cell,) = network.cells
        options = {
            "input_size": cell.input_size,
            "hidden_size": cell.hidden_size,
            "nonlinearity": cell.activation.name,
            "bias": bool(cell.biases),
            "dtype": getattr(framework, str(cell.dtype)),
        }
        key = tuple(options.values())
        if key not in self._built:
            self._built[key] = framework.nn.RNNCell(**options)
        return self._built[key]

    def run(self, model: Any, call: Call) -> Output:
        if call.x.ndim != 3:
            raise CannotExpress("a loop over steps needs to know which axis they are on")
        if not call.x.shape[1]:
            raise CannotExpress("no step, no call")
        h = None
        if call.initial_states is not None:
            ((state,),) = call.initial_states
            h = self.tensor(state)
        outputs, shapes = [], {}
        with framework.no_grad(), self.autocast(call):
            for x_t in np.moveaxis(call.x, 1, 0):
                x = self.tensor(np.ascontiguousarray(x_t))
                h = self.step(model, x, h)
                shapes = {"x": tuple(x.shape), "final_states": tuple(h.shape)}
                outputs.append(array(h))
        sequence = np.stack(outputs, axis=1)
        return Output(
            sequence=sequence if call.return_sequences else None,
            final_states=(outputs[-1][None],),
            native_shapes=shapes,
        )

    def gradients(self, model: Any, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        assert call.initial_states is not None
        x = self.tensor(call.x).requires_grad_()
        state = self.tensor(call.initial_states[0]).requires_grad_()
        weights = _parameters_of_cell(model)
        outputs, h = [], state[0]
        for x_t in x.unbind(1):
            h = self.step(model, x_t, h)
            outputs.append(h)
        dx, dh0, *others = framework.autograd.grad(
            [framework.stack(outputs, 1), h[None]],
            [x, state, *weights.values()],
            self.cotangents(d_sequence, d_final_states),
        )
        of_weights = {role: array(found) for role, found in zip(weights, others, strict=True)}
        return Gradients(array(dx), (array(dh0),), (CellGradients(**of_weights),))

    def step(self, cell: Any, x: Any, h: Any) -> Any:
        """One step."""
        return cell(x, h)

    def read_weights(self, model: Any) -> Network:
        weights: dict[str, Array] = {role: array(p).copy() for role, p in _parameters_of_cell(model).items()}
        return Network(Layer(Cell(**weights, activation=model.nonlinearity)))

    def native_weights(self, model: Any) -> list[dict[str, tuple[int, ...]]]:
        return [{role: tuple(p.shape) for role, p in _parameters_of_cell(model).items()}]


class CompiledCell(CellLoop):
    """The cell, traced by `torch.compile`; its graph runs without generated code."""

    def __init__(self) -> None:
        super().__init__()
        self._compiled: dict[Any, Any] = {}

    def step(self, cell: Any, x: Any, h: Any) -> Any:
        if cell not in self._compiled:
            self._compiled[cell] = framework.compile(cell, backend="aot_eager")
        return self._compiled[cell](x, h)


def _parameters_of_cell(cell: Any) -> dict[str, Any]:
    return {role: p for role, name in PARAMETERS.items() if (p := getattr(cell, name)) is not None}


WAYS: dict[str, type[TorchAdapter]] = {
    "batch first": BatchFirst,
    "unbatched": Unbatched,
    "cell": CellLoop,
    "sorted lengths": SortedLengths,
    "recording gradients": RecordingGradients,
    "functional call": FunctionalCall,
    "state dict": StateDict,
    "compiled": Compiled,
    "compiled cell": CompiledCell,
    "scripted": Scripted,
}
