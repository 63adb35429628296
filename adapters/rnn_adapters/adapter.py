"""The contract between the suite and an implementation: `Adapter`, and what goes in and out.

An adapter is small and dull: load a network, call, read back. It has no tolerance, skips nothing and mends
nothing. What it declares it does, and what it does it declares.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from rnn_adapters.declarations import Conventions, DropoutPlace, NarrowType, Supports
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, MergeMode, Network, States

Model = TypeVar("Model")
"""Whatever an adapter's `load` returns: the suite only hands it back."""


class CannotExpress(Exception):
    """Raised by an adapter for a single call that its route has no words for; the message says why.

    A loop over the rows of a batch cannot be asked for an empty batch: no row, no call. Such refusals are
    counted and shown, and too many of them fail the clause. What a framework refuses to compute is none: that
    is left to be raised, as it comes.
    """


class ImplementationLost(BaseException):
    """Raised by an adapter whose implementation runs in another process, when that can be asked no more.

    It is neither a refusal nor an answer, so it is no `Exception`: whoever counts what a framework raises
    does not count it. The check that it happens in fails, with its case, and the others start anew.

    Args:
        how: how it was lost, after "the process": "ended with exit status 3".
        kind: "crashed", or "timed out" where it gave no answer in time.
    """

    def __init__(self, how: str, kind: Literal["crashed", "timed out"] = "crashed") -> None:
        super().__init__(how)
        self.how = how
        self.kind = kind


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a loaded network.

    Nothing here is checked: how a framework answers bad input is part of what is tested.

    Args:
        x: input (batch, time, input), of the type of the weights or integers of `Supports.input_dtypes`.
            Where any number of batch axes is supported (`Supports.leading_axes`), they stand wherever "batch"
            does, here and in what is returned: (time, input) and states (directions, hidden) where there are
            none.
        initial_states: per layer (directions, batch, hidden), bottom layer first; None: give none.
        return_sequences: ask the top layer for its outputs at every step, or for the last one only.
        lengths: integers (batch,): how many steps each row has; what stands after them is padding.
        mask: booleans (batch, time), or numbers of `Supports.mask_dtypes`: the steps to take. Beside lengths,
            a step is taken where both say so.
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

    "batch" stands for the batch axes of the call, however many it has.

    Args:
        sequence: (batch, time, directions·hidden), when sequences were asked for.
        last: (batch, directions·hidden), when they were not.
        final_states: per layer (directions, batch, hidden), bottom layer first.
        native_shapes: the shapes that the framework itself took and gave, by the names of
            `Conventions.axes`; checked against the axes declared there, on calls of one batch axis.
    """

    sequence: Array | None = None
    last: Array | None = None
    final_states: States | None = None
    native_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


class Adapter(ABC, Generic[Model]):
    """One route into one implementation of the vanilla RNN layer, made to measure against the spec.

    The suite hands over arrays of its own, which may have gaps, any order and no permission to write, and
    copies what is returned when it arrives. It makes one call at a time, from one thread.
    """

    name: str
    conventions: Conventions
    supports: Supports

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Versions of what computes, the framework first: {"torch": "2.13.0"}."""

    @abstractmethod
    def load(self, network: Network) -> Model:
        """Build (or reuse) the framework's layers for `network` and give them its weights.

        What is returned is the very thing that `run` calls. It need not outlive the next `load`: layers may
        be kept and given new weights.
        """

    @abstractmethod
    def run(self, model: Model, call: Call) -> Output:
        """Call the framework. Whatever it raises is left to the suite.

        Raises:
            CannotExpress: there is no such call on this route.
        """

    def read_weights(self, model: Model) -> Network:
        """The weights the framework holds now, in canonical form (`Supports.read_weights`)."""
        raise NotImplementedError

    def native_weights(self, model: Model) -> list[dict[str, tuple[int, ...]]]:
        """For each cell, forward before backward, the shapes of its own arrays by `NativeWeight.role`.

        An array that holds both directions is listed for each of them (`Supports.native_weights`).
        """
        raise NotImplementedError

    def count_parameters(self, model: Model) -> int:
        """The number of parameters, by the framework's own count (`Supports.count_parameters`)."""
        raise NotImplementedError

    def reset_states(self, model: Model) -> None:
        """Make stateful layers forget: the next call starts as the first one did (`Supports.stateful`)."""
        raise NotImplementedError

    def assign_weights(self, model: Model, network: Network) -> None:
        """Give what is loaded these weights, in place: `model` goes on being called, and is not built anew.

        States that stateful layers keep stay as they are (`Supports.assign_weights`). What is kept of the
        arrays has to be a copy: they are written to afterwards.

        Args:
            network: of the sizes and options of the one that was loaded. It may differ from what is held in
                one array alone: the others need not be touched.
        """
        raise NotImplementedError

    def restored(self, model: Model) -> Model:
        """Save what is loaded, load it again, and return what is to be called from now on.

        Whether states that stateful layers keep are saved, too, is left open (`Supports.restored`).
        """
        raise NotImplementedError

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """A network of the sizes and options of `like` with the framework's own initial weights.

        Args:
            seed: of the framework's generator, 0 or more; the same seed gives the same weights.
        """
        raise NotImplementedError

    def gradients(self, model: Model, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        """The framework's gradients of Σ d_sequence · sequence + Σ d_final_states · final_states.

        Every option of the call is honoured as `run` honours it, but kept states stay as they are (HIS-4).
        Of a cell with one bias, a framework that stores two gives the gradients of both.

        Args:
            call: has initial states, and asks for sequences.
            d_sequence: cotangents of the sequence output, in its shape; zero at masked time steps.
            d_final_states: those of the final states, per layer (directions, batch, hidden).
        """
        raise NotImplementedError

    def tangents(self, model: Model, call: Call, direction: Gradients) -> Output:
        """The JVP: derivatives of sequence output and final states in a direction, by forward mode.

        Args:
            call: as for `gradients`.
            direction: how fast input, initial states and weights change, each in its shape; None in place of
                a bias that the cell does not have.
        """
        raise NotImplementedError

    def second_gradients(
        self, model: Model, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        """The double backward: gradients of Σ direction · gradients, these as `gradients` gives them."""
        raise NotImplementedError

    def inferred_shapes(
        self, model: Model, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        """The shapes that the framework infers for the outputs of a call, by each way that it has.

        Args:
            call: whose shapes and options count, not its numbers. A size of 0 is one, and known.
            unknown: axes of the input (and of states and mask) that the framework is not told.
        """
        raise NotImplementedError

    def handed_masks(self, model: Model, call: Call) -> Mapping[str, Array | None]:
        """The mask that is handed to what comes after the top layer, by each way that the framework has.

        It is (batch, time) in the order of the sequence output; None where none is handed on.

        Args:
            call: has a mask or lengths, which every layer gets from the one before it.
        """
        raise NotImplementedError

    def kept_options(self, model: Model, call: Call) -> Mapping[str, tuple[str, str]]:
        """For each option of the framework's layer, in words: what was given, and what is left of it.

        Every option is given another value than its default to a layer as the call asks for; what is left is
        read from a layer that was made from the first one's configuration. Of an option that is left alone it
        is told, by a name of its own, what the framework documents and what a layer has.
        """
        raise NotImplementedError

    def wrong_layers(self, model: Model, call: Call) -> Mapping[str, str]:
        """For each description that makes no layer, in words: the error with which it is refused, "" if none.

        Descriptions are those that the framework itself says are wrong. Of each a layer is made, of the sizes
        that were loaded and as the call asks for, and nothing is called.
        """
        raise NotImplementedError

    def default_states(self, model: Model, call: Call) -> States:
        """The states that the framework says a call starts from if none are given, of all its batch axes."""
        raise NotImplementedError

    def count_trainable(self, model: Model, frozen: tuple[int, ...]) -> Mapping[str, int]:
        """The number of parameters that would be trained, by each way to keep layers from it.

        Args:
            frozen: the layers that are not to be trained, by their number from the bottom.
        """
        raise NotImplementedError

    def trained(self, model: Model, call: Call, training: Training) -> Trained:
        """Train, by the ways that the framework has, one after the other.

        Afterwards `model` holds the weights that it held before, or those after the last step (TRN-7).

        Args:
            call: asks for sequences, and is not stateful.
        """
        raise NotImplementedError

    def global_state(self) -> Mapping[str, str]:
        """Settings of the framework that a call must leave as they are, such as its default type."""
        return {}

    def drop_caches(self) -> None:
        """Forget layers that were built or compiled. Nothing has to be forgotten.

        Called between chapters, and between checks of a process that has grown large.
        """

    def close(self) -> None:
        """Called once, when no further call will come."""
