"""Faults that the clauses of chapter CFG must catch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call, Output
from rnn_adapters.reference import computed_in
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.activations import Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States


@fault("activation-not-in-the-configuration", "CFG-1")
class ActivationNotInTheConfiguration(Fault):
    """Makes a layer anew with the default activation."""

    def made_anew(self, model: Network) -> Network:
        tanh = Activation("tanh")
        return Network(
            Layer(*(replace(cell, activation=tanh) for cell in layer.cells)) for layer in model.layers
        )


@fault("seed-not-in-the-configuration", "CFG-2")
class SeedNotInTheConfiguration(Fault):
    """Leaves the seed out of the configuration."""

    def configured(self, options: Mapping[str, str]) -> Mapping[str, str]:
        return {name: value for name, value in super().configured(options).items() if name != "seed"}


@fault("states-by-place-dropped", "CFG-3")
class StatesByPlaceDropped(Fault):
    """Ignores initial states that are given by place."""

    def said_otherwise(self, call: Call) -> Call:
        return replace(call, initial_states=None)


@fault("default-states-in-float32", "CFG-4")
class DefaultStatesInFloat32(Fault):
    """Tells default states in float32, whatever is computed in."""

    def default_states(self, model: Network, call: Call) -> States:
        return tuple(state.astype(np.float32) for state in super().default_states(model, call))


@fault("default-states-of-ones", "CFG-4")
class DefaultStatesOfOnes(Fault):
    """Tells of ones."""

    def default_states(self, model: Network, call: Call) -> States:
        return tuple(np.ones_like(state) for state in super().default_states(model, call))


@fault("frozen-layers-counted-as-trained", "CFG-5")
class FrozenLayersCountedAsTrained(Fault):
    """Ignores that a layer is not to be trained."""

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return super().count_trainable(model, ())


@fault("all-layers-frozen-with-one", "CFG-5")
class AllLayersFrozenWithOne(Fault):
    """Freezes the whole stack with one of its layers."""

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return super().count_trainable(model, tuple(range(model.num_layers)) if frozen else ())


@fault("seed-lost-in-a-stack", "CFG-2")
class SeedLostInAStack(Fault):
    """Stacks are made anew without their seed."""

    def kept_options(self, model: Network, call: Call) -> Mapping[str, tuple[str, str]]:
        found = dict(super().kept_options(model, call))
        return found | {"seed": ("7", "")} if model.num_layers > 1 else found


@fault("another-default-than-documented", "CFG-2")
class AnotherDefaultThanDocumented(Fault):
    """Returns sequences unless it is told not to."""

    def not_given(self, documented: Mapping[str, str]) -> Mapping[str, str]:
        return {**documented, "return_sequences": "true"}


@fault("parameters-of-two-decimals", "CFG-1")
class ParametersOfTwoDecimals(Fault):
    """Writes parameters of activations into its configuration with two decimals."""

    def made_anew(self, model: Network) -> Network:
        def short(number: float | None) -> float | None:
            return None if number is None else round(number, 2)

        def rounded(activation: Activation) -> Activation:
            return replace(activation, alpha=short(activation.alpha), beta=short(activation.beta))

        layers = [
            [replace(cell, activation=rounded(cell.activation)) for cell in layer.cells]
            for layer in super().made_anew(model).layers
        ]
        return Network(Layer(*cells) for cells in layers)


@fault("frozen-with-all-below", "CFG-5")
class FrozenWithAllBelow(Fault):
    """Does not count the layers below one that is frozen, either."""

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        return super().count_trainable(model, tuple(range(max(frozen, default=-1) + 1)))


@fault("parameters-in-six-digits", "CFG-1")
class ParametersInSixDigits(Fault):
    """Writes the parameters of activations into a configuration with six digits."""

    def made_anew(self, model: Network) -> Network:
        def read(cell: Cell) -> Cell:
            phi = cell.activation
            rounded = {name: float(f"{value:g}") for name, value in phi.parameters.items()}
            return replace(cell, activation=Activation(phi.name, **rounded))

        return Network(Layer(*map(read, layer.cells)) for layer in super().made_anew(model).layers)


@fault("default-states-shared", "CFG-4")
class DefaultStatesShared(Fault):
    """Hands out the very zeros that calls start from."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.zeros: dict[tuple[object, ...], States] = {}

    def default_states(self, model: Network, call: Call) -> States:
        known = (model.state_shapes(len(call.x)), call.x.shape, str(computed_in(model, call)))
        return self.zeros.setdefault(known, super().default_states(model, call))

    def run_usual(self, model: Network, call: Call) -> Output:
        if call.initial_states is None and not call.stateful and call.x.ndim == 3:
            call = replace(call, initial_states=self.default_states(model, call))
        return super().run_usual(model, call)


@fault("zero-is-not-configured", "CFG-1")
class ZeroIsNotConfigured(Fault):
    """Leaves a parameter of an activation that is zero out of the configuration."""

    def parameters(self, activation: Activation, dtype: np.dtype[Any]) -> tuple[Any, Any]:
        if self.route == "configured" and 0 in activation.parameters.values():
            activation = Activation(activation.name)
        return super().parameters(activation, dtype)


@fault("default-states-of-the-type-of-the-input", "CFG-4")
class DefaultStatesOfTheTypeOfTheInput(Fault):
    """Makes the states that it tells in the type of the input, which may be one of integers."""

    def default_states(self, model: Network, call: Call) -> States:
        states = super().default_states(model, call)
        return tuple(state.astype(call.x.dtype) for state in states) if call.x.dtype.kind in "iu" else states


@fault("layers-by-the-order-of-their-names", "CFG-6")
class LayersByTheOrderOfTheirNames(Fault):
    """Makes the layers of a configuration in the order of their names: the tenth comes before the second."""

    def made_anew(self, model: Network) -> Network:
        order = sorted(range(model.num_layers), key=str)

        def made(own: Layer, other: Layer) -> Layer:
            return Layer(*(replace(cell, activation=other.forward.activation) for cell in own.cells))

        return Network(made(own, model.layers[index]) for own, index in zip(model.layers, order, strict=True))


@fault("layers-alike-are-one", "CFG-6")
class LayersAlikeAreOne(Fault):
    """Remembers what it makes of a configuration: layers of the same options are one, of the last weights."""

    def made_anew(self, model: Network) -> Network:
        made = {self.options_of(layer): layer for layer in model.layers}
        return Network(made[self.options_of(layer)] for layer in model.layers)

    def options_of(self, layer: Layer) -> tuple[Any, ...]:
        options = ((str(cell.activation), len(cell.biases), cell.W_x.shape) for cell in layer.cells)
        return tuple(options)


@fault("kept-states-before-those-given-by-place", "CFG-3")
class KeptStatesBeforeThoseGivenByPlace(Fault):
    """Looks for states among other arguments only where a stateful layer has kept none."""

    def said_otherwise(self, call: Call) -> Call:
        self.by_place = call.stateful and call.initial_states is not None
        return super().said_otherwise(call)

    by_place = False

    def run_usual(self, model: Network, call: Call) -> Output:
        kept, given, by_place = self.kept_states(model), call.initial_states, self.by_place
        self.by_place = False
        alike = [state.shape for state in given or ()] == [state.shape for state in kept or ()]
        if by_place and kept is not None and alike:
            call = replace(call, initial_states=None)
        return super().run_usual(model, call)


@fault("beta-is-lost-beside-a-default", "CFG-1")
class BetaIsLostBesideADefault(Fault):
    """Leaves the parameters of an activation out of its configuration where the first has its default."""

    def made_anew(self, model: Network) -> Network:
        return Network(Layer(*map(self.again, layer.cells)) for layer in model.layers)

    def again(self, cell: Cell) -> Cell:
        parameters, default = cell.activation.parameters, Activation(cell.activation.name)
        same = bool(parameters) and parameters.get("alpha") == default.parameters.get("alpha")
        return replace(cell, activation=default) if same else cell


@fault("stateful-not-in-the-configuration", "CFG-1")
class StatefulNotInTheConfiguration(Fault):
    """Keeps no states once it is made anew."""

    def keep(self, model: Network, final_states: list[Array]) -> None:
        if self.route != "configured":
            super().keep(model, final_states)


@fault("configured-derivatives-of-the-default", "CFG-1")
class ConfiguredDerivativesOfTheDefault(Fault):
    """Made anew, finds the derivative of an activation by its name, with default parameters."""

    def slope(self, activation: Activation, h: Array) -> Array:
        named = Activation(activation.name)
        return super().slope(named if self.route == "configured" else activation, h)


@fault("gradients-forget-states-by-place", "CFG-3")
class GradientsForgetStatesByPlace(Fault):
    """Passes on to a graph that records gradients what is said by name, which states by place are not."""

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        if self.route == "other arguments" and call.initial_states is not None:
            call = replace(call, initial_states=tuple(map(np.zeros_like, call.initial_states)))
        return super().gradients(model, call, d_sequence, d_final_states)


@fault("default-states-of-a-row-at-least", "CFG-4")
class DefaultStatesOfARowAtLeast(Fault):
    """Tells the states of `batch or 1` rows."""

    def default_states(self, model: Network, call: Call) -> States:
        if call.x.shape[0]:
            return super().default_states(model, call)
        one = np.zeros((1, *call.x.shape[1:]), call.x.dtype)
        return super().default_states(model, replace(call, x=one))


@fault("layers-in-the-middle-stay-trained", "CFG-5")
class LayersInTheMiddleStayTrained(Fault):
    """Looks at the bottom and the top of a stack for layers that are not to be trained."""

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        ends = {0, model.num_layers - 1}
        kept = frozen if ends <= set(frozen) else tuple(index for index in frozen if index in ends)
        return super().count_trainable(model, kept)


@fault("parameters-of-nine-layers-are-configured", "CFG-6")
class ParametersOfNineLayersAreConfigured(Fault):
    """Finds the parameters of an activation by one digit of its layer's name: none for the tenth."""

    def made_anew(self, model: Network) -> Network:
        layers = list(model.layers)
        for number, layer in enumerate(layers[9:], 9):
            default = (replace(cell, activation=Activation(cell.activation.name)) for cell in layer.cells)
            layers[number] = Layer(*default)
        return Network(layers)


@fault("options-of-float32-alone", "CFG-2")
class OptionsOfFloat32Alone(Fault):
    """Writes the type of other weights into a configuration in place of the seed."""

    def kept_options(self, model: Network, call: Call) -> Mapping[str, tuple[str, str]]:
        found = dict(super().kept_options(model, call))
        return found if model.dtype == np.float32 else found | {"seed": ("7", "")}


@fault("default-states-of-stateful-layers-shared", "CFG-4")
class DefaultStatesOfStatefulLayersShared(Fault):
    """Tells of a stateful layer the very zeros that its first call starts from."""

    def __init__(self, route: str = "") -> None:
        super().__init__(route)
        self.zeros: dict[tuple[object, ...], States] = {}

    def default_states(self, model: Network, call: Call) -> States:
        states = super().default_states(model, call)
        if not call.stateful or call.x.ndim != 3:
            return states
        known = (model.state_shapes(len(call.x)), str(computed_in(model, call)))
        return self.zeros.setdefault(known, states)

    def run_usual(self, model: Network, call: Call) -> Output:
        is_first = call.stateful and call.initial_states is None and self.kept_states(model) is None
        if is_first and call.x.ndim == 3:
            zeros = tuple(state.astype(model.dtype) for state in self.default_states(model, call))
            call = replace(call, initial_states=zeros)
        return super().run_usual(model, call)


@fault("configured-with-weights-of-then", "CFG-1")
class ConfiguredWithWeightsOfThen(Fault):
    """Makes a layer anew at its first call and goes on with that, whatever weights it is given later."""

    made: tuple[Network, Network] | None = None

    def made_anew(self, model: Network) -> Network:
        if self.made is None or self.made[0] is not model:
            self.made = model, super().made_anew(model).mapped(np.copy)
        return self.made[1]


@fault("parameters-counted-that-are-trained", "CFG-5")
class ParametersCountedThatAreTrained(Fault):
    """Leaves layers frozen of which it was asked, and counts the parameters of the others alone."""

    frozen: tuple[Network, tuple[int, ...]] | None = None

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        self.frozen = None
        counted = super().count_trainable(model, frozen)
        self.frozen = model, frozen
        return counted

    def count_parameters(self, model: Network) -> int:
        if self.frozen is None or self.frozen[0] is not model:
            return super().count_parameters(model)
        layers = [layer for index, layer in enumerate(model.layers) if index not in self.frozen[1]]
        count = super().count_parameters
        return sum(count(Network([layer])) for layer in layers)


@fault("default-states-of-64-rows", "CFG-4")
class DefaultStatesOf64Rows(Fault):
    """Has default states for 64 rows, and gives these to any more."""

    def default_states(self, model: Network, call: Call) -> States:
        return tuple(state[:, :64] for state in super().default_states(model, call))
