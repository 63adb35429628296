"""The contract between the suite and an implementation: `Adapter`, and what goes in and out.

An adapter is small and dull: load a network, call, read back. It has no tolerance, skips nothing and
mends nothing; what the framework cannot do it does not support.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from rnn_reference.activations import ActivationName
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, MergeMode, Network, States

PaddedOutput: TypeAlias = Literal["zero", "carried", "state", "undefined"]
DropoutPlace: TypeAlias = Literal["input", "state", "between layers"]
NarrowType: TypeAlias = Literal["float16", "bfloat16"]
RouteKind: TypeAlias = Literal["unrolled", "axes", "cell", "compiled", "saved", "model", "padding"]

Model = TypeVar("Model")
"""Whatever an adapter's `load` returns: the suite only hands it back."""


class NotOffered(Exception):
    """Raised by an adapter for something the framework does not have; the message says what and why."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a loaded network.

    Nothing here is checked: how a framework answers bad input is part of what is tested.

    Args:
        x: input (batch, time, input).
        initial_states: per layer (directions, batch, hidden), bottom layer first; None: give none.
        return_sequences: ask the top layer for its outputs at every step, or for the last one only.
        lengths: integers (batch,): how many steps each row has; what stands after them is padding.
        mask: booleans (batch, time): the steps to take. Never given together with lengths.
        go_backwards: a network of one layer of one direction reads its input from the end.
        merge_mode: how a network of one bidirectional layer merges its directions; with "none" the adapter
            puts the two outputs side by side.
        stateful: the layers keep their final states, and the next stateful call starts from them.
        training: the call is one of training, in which dropout acts.
        dropout: where a share of the numbers is dropped; None: nowhere.
        rate: that share, from 0 to below 1.
        compute_dtype: mixed precision: weights and input are of float32, and the layer computes in this type;
            None: in their own.
    """

    x: Array
    initial_states: States | None = None
    return_sequences: bool = True
    lengths: Array | None = None
    mask: Array | None = None
    go_backwards: bool = False
    merge_mode: MergeMode = "concat"
    stateful: bool = False
    training: bool = False
    dropout: DropoutPlace | None = None
    rate: float = 0.0
    compute_dtype: NarrowType | None = None


@dataclass(frozen=True, eq=False)
class Output:
    """What a call returned, in canonical axes. None: the framework returns no such thing.

    Args:
        sequence: (batch, time, directions·hidden), when sequences were asked for.
        last: (batch, directions·hidden), when they were not.
        final_states: per layer (directions, batch, hidden), bottom layer first.
        native_shapes: the shapes that the framework itself took and gave, by the names of
            `Conventions.axes`; checked against the axes declared there.
    """

    sequence: Array | None = None
    last: Array | None = None
    final_states: States | None = None
    native_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


Initialisation: TypeAlias = Literal["zeros", "orthogonal", "glorot uniform", "uniform 1/√H"]
"""How the weights of a fresh layer are drawn; the spec's chapter on initialisation has the formulas."""


@dataclass(frozen=True)
class NativeWeight:
    """One weight array of a cell as the framework stores it.

    Args:
        role: which canonical weight it holds: "W_x", "W_h", "b" or "b_h".
        name: the framework's name for it.
        axes: the meaning of its axes, of "input" and "hidden".
    """

    role: str
    name: str
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Conventions:
    """A framework's habits, as data. The spec's tables are made from it, and checks hold it to them.

    Args:
        layer: the framework's own name for the layer.
        weights: how the weights of one cell are stored.
        bias_vectors: vectors a biased cell is stored with, 1 or 2; None: as many as it is given.
        axes: for "x", "sequence" and "final_states" the axes of the framework's own arrays, each a
            product of "batch", "time", "input", "hidden", "directions", "layers" such as
            "directions*hidden".
        last_output: in words, what it gives when asked for the last output only.
        final_state_order: in words, how it orders the states of layers and directions.
        padded_output: what the sequence output of one direction shows at masked steps:
            "zero"; "carried", the output of its last valid step, zero before the first; "state", the same
            but the initial state before the first; or "undefined".
        padded_output_bidirectional: the same of a bidirectional layer.
        go_backwards_order: the order of the outputs of a layer that goes backwards; None: there is none.
        initialisation: for each of "W_x", "W_h", "b" and "b_h" how a fresh layer is filled.
    """

    layer: str
    weights: tuple[NativeWeight, ...]
    bias_vectors: int | None
    axes: Mapping[str, tuple[str, ...]]
    last_output: str
    final_state_order: str
    padded_output: PaddedOutput = "undefined"
    padded_output_bidirectional: PaddedOutput = "undefined"
    go_backwards_order: Literal["processing", "input"] | None = None
    initialisation: Mapping[str, Initialisation] = field(default_factory=dict)


@dataclass(frozen=True)
class Supports:
    """What a framework can do. The suite draws nothing else, and reports the rest as unsupported.

    Args:
        activations: those that a layer can be told by name.
        parameters: the activations whose parameters can be chosen.
        dtypes: of "float32", "float64", "float16" and "bfloat16": those it accepts, whether or not it
            computes in them.
        compute_dtypes: those in which a layer of float32 can be told to compute (mixed precision).
        bidirectional: layers of two directions.
        stacked: more than one layer.
        mixed_layers: layers of one stack that differ in hidden size, directions, activation or bias.
        mixed_directions: the two directions of a layer may differ in activation and bias.
        no_bias: cells without bias.
        initial_states: a call with initial states.
        sequence: outputs of every step.
        last_output: a call that returns the last output only.
        final_states: final states are returned.
        lengths: a call with the length of each row.
        masks: a call with a mask of steps, of any pattern.
        go_backwards: a layer of one direction that reads its input from the end.
        merge_modes: ways to merge the directions of a bidirectional layer.
        stateful: layers that keep their final states for the next call (`Adapter.reset_states`).
        dropout: where dropout can act in training.
        freshly_initialised: a new layer with the framework's own initial weights.
        gradients: gradients of input, initial states and weights (`Adapter.gradients`).
        tangents: how outputs change in a direction of these, by forward mode (`Adapter.tangents`).
        second_gradients: gradients of gradients (`Adapter.second_gradients`).
        read_weights: loaded weights can be read back.
        count_parameters: the framework counts its own parameters.
        expensive: what costs so much anew that the suite should draw few of it: "sizes" (input and hidden)
            where layers are slow to build, "shapes" (batch and time too) where they are compiled.
    """

    activations: tuple[ActivationName, ...] = ("tanh", "relu")
    parameters: tuple[ActivationName, ...] = ()
    dtypes: tuple[str, ...] = ("float32", "float64")
    compute_dtypes: tuple[NarrowType, ...] = ()
    bidirectional: bool = True
    stacked: bool = True
    mixed_layers: bool = True
    mixed_directions: bool = False
    no_bias: bool = True
    initial_states: bool = True
    sequence: bool = True
    last_output: bool = True
    final_states: bool = True
    lengths: bool = False
    masks: bool = False
    go_backwards: bool = False
    merge_modes: tuple[MergeMode, ...] = ("concat",)
    stateful: bool = False
    dropout: tuple[DropoutPlace, ...] = ()
    freshly_initialised: bool = False
    gradients: bool = False
    tangents: bool = False
    second_gradients: bool = False
    read_weights: bool = True
    count_parameters: bool = True
    expensive: Literal["nothing", "sizes", "shapes"] = "nothing"

    def has(self, name: str) -> bool:
        """Whether something is supported: one of the above or below, an activation or a type, by its name.

        "elu parameters": whether those of elu can be chosen.
        """
        chosen = [f"{activation} parameters" for activation in self.parameters]
        return name in (*self.activations, *self.dtypes, *chosen) or bool(getattr(self, name, False))

    @property
    def variable_lengths(self) -> bool:
        """Whether a batch may hold variable-length sequences, said by lengths or by a mask."""
        return self.lengths or self.masks

    @property
    def narrow_dtypes(self) -> bool:
        """Whether there are types narrower than float32."""
        return "float16" in self.dtypes or "bfloat16" in self.dtypes

    @property
    def names_activations(self) -> bool:
        """Whether there is an activation to be named: more than one."""
        return len(self.activations) > 1

    @property
    def own_parameters(self) -> bool:
        """Whether cells of one network can differ in the parameters of their activation."""
        return bool(self.parameters) and (self.mixed_layers or self.mixed_directions)

    @property
    def merges(self) -> bool:
        """Whether directions can be merged in another way than side by side."""
        return len(self.merge_modes) > 1


@dataclass(frozen=True)
class Route:
    """Another way into the same layer, which must compute the same (the spec's chapter on options).

    Args:
        kind: in what it differs from the usual way; the clause that asks for it depends on this.
        what: the route in the framework's own words, such as "SimpleRNN(unroll=True)".
        expensive: taken only by the clauses that are about routes; others take every clause.
    """

    kind: RouteKind
    what: str
    expensive: bool = False


NO_ROUTES: Mapping[str, Route] = MappingProxyType({})


class Adapter(ABC, Generic[Model]):
    """One implementation of the vanilla RNN layer, made to measure against the spec.

    `routes` are the other ways into it, by name (`by_route`); the adapter itself is the usual one.
    """

    name: str
    conventions: Conventions
    supports: Supports
    routes: Mapping[str, Route] = NO_ROUTES

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Versions of what computes, the framework first: {"torch": "2.13.0"}."""

    @abstractmethod
    def load(self, network: Network) -> Model:
        """Build (or reuse) the framework's layers for `network` and give them its weights.

        A loaded model need not outlive the next `load`: layers may be kept and given new weights.
        """

    @abstractmethod
    def run(self, model: Model, call: Call) -> Output:
        """Call the framework. Whatever it raises is left to the suite."""

    def read_weights(self, model: Model) -> Network:
        """The weights the framework holds now, in canonical form."""
        raise NotOffered(f"{self.name} does not give its weights back")

    def native_weights(self, model: Model) -> list[dict[str, tuple[int, ...]]]:
        """For each cell, forward before backward, the shapes of its own arrays by `NativeWeight.role`."""
        raise NotOffered(f"{self.name} does not show its own weight arrays")

    def count_parameters(self, model: Model) -> int:
        """The number of parameters, by the framework's own count."""
        raise NotOffered(f"{self.name} does not count its parameters")

    def by_route(self, name: str) -> Adapter[Any]:
        """The adapter that goes the way called `name`. It may support less, and have other conventions."""
        raise NotOffered(f"{self.name} has no other ways in")

    def reset_states(self, model: Model) -> None:
        """Make stateful layers forget: the next call starts as the first one did."""
        raise NotOffered(f"{self.name} keeps no states between calls")

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """A network of the sizes and options of `like` with the framework's own initial weights.

        Args:
            seed: of the framework's generator; the same seed gives the same weights.
        """
        raise NotOffered(f"{self.name} makes no weights of its own")

    def gradients(self, model: Model, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        """The framework's gradients of Σ d_sequence · sequence + Σ d_final_states · final_states.

        Args:
            call: has initial states.
            d_sequence: (batch, time, directions·hidden), zero at masked steps.
            d_final_states: per layer (directions, batch, hidden).
        """
        raise NotOffered(f"{self.name} has no gradients")

    def tangents(self, model: Model, call: Call, direction: Gradients) -> Output:
        """The derivatives of sequence output and final states in a direction, by forward mode.

        Args:
            call: has initial states.
            direction: how fast input, initial states and weights change, each in its shape; None in place of
                a bias that the cell does not have.
        """
        raise NotOffered(f"{self.name} has no forward mode")

    def second_gradients(
        self, model: Model, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        """The framework's gradients of Σ direction · gradients, these being as `gradients` gives them."""
        raise NotOffered(f"{self.name} has no second gradients")
