"""What an implementation declares of itself: `Conventions` and `Supports`. Data, validated when made.

Nothing is claimed by default, and what is declared is asked: a clause is unsupported by declaration alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

from rnn_adapters.surface import IntegerType, MaskType, UnknownAxis
from rnn_reference.activations import ACTIVATIONS, DEFAULTS, ActivationName
from rnn_reference.errors import BadInput
from rnn_reference.network import MergeMode
from rnn_reference.quantised import Quantised

Role: TypeAlias = Literal["W_x", "W_h", "b", "b_h"]
PaddedOutput: TypeAlias = Literal["zero", "carried", "state", "undefined"]
OutputOrder: TypeAlias = Literal["processing", "input", "padding last"]
DropoutPlace: TypeAlias = Literal["input", "state", "between layers"]
DType: TypeAlias = Literal["float32", "float64", "float16", "bfloat16"]
NarrowType: TypeAlias = Literal["float16", "bfloat16"]
StateDType: TypeAlias = Literal["computed", "weights"]
LossDType: TypeAlias = Literal["computed", "float32"]
Expensive: TypeAlias = Literal["nothing", "sizes", "steps", "shapes"]
RouteKind: TypeAlias = Literal[
    "unrolled",
    "axes",
    "cell",
    "compiled",
    "saved",
    "model",
    "padding",
    "directions",
    "configuration",
    "arguments",
    "device",
    "quantised",
]
Initialisation: TypeAlias = Literal[
    "none", "zeros", "orthogonal", "glorot uniform", "lecun normal", "uniform 1/√H"
]
"""How freshly initialised weights are drawn; the spec's chapter on initial weights has the formulas. "none":
nothing is declared of this one."""

ROLES: tuple[Role, ...] = get_args(Role)
CANONICAL_AXES: Mapping[Role, tuple[str, ...]] = {
    "W_x": ("hidden", "input"),
    "W_h": ("hidden", "state"),
    "b": ("hidden",),
    "b_h": ("hidden",),
}
"""The axes of each weight in the equation: it leads from the second to the first."""
RULES: Mapping[str, tuple[Initialisation, ...]] = {
    "W_x": ("none", "zeros", "glorot uniform", "lecun normal", "uniform 1/√H"),
    "W_h": get_args(Initialisation),
    "b": ("none", "zeros", "uniform 1/√H"),
    "b_h": ("none", "zeros", "uniform 1/√H"),
}
"""What each weight can be filled by: only W_h is square, and only a matrix has inputs to count."""
RANDOM: tuple[Initialisation, ...] = ("orthogonal", "glorot uniform", "lecun normal", "uniform 1/√H")
"""The rules that draw."""
ROUTE_KINDS: tuple[RouteKind, ...] = get_args(RouteKind)
ARRAYS = ("x", "sequence", "final_states")
"""The arrays of a call whose axes are declared."""
FACTORS = ("batch", "time", "input", "hidden", "directions", "layers")
"""What an axis is made of: one of these, a number, or a product such as "directions*hidden"."""


@dataclass(frozen=True)
class NativeWeight:
    """One weight array as the framework stores it: of one cell, or of all cells of a layer.

    Args:
        role: which canonical weight it holds: "W_x", "W_h", "b" or "b_h".
        name: the framework's name for it.
        axes: the meaning of its axes: "hidden", the unit that a weight leads to; "input" or "state", the
            feature or the unit that it comes from; and "directions" where one array holds both. A product
            such as "2*hidden" is an axis that several weights share: the array is declared once for each of
            them, and `part` says which share it is.
        part: for an axis that is shared, which part of it this weight is, counted from 0.

    Raises:
        BadInput: an unknown role or axis, or a canonical axis that is missing or stands twice.
    """

    role: Role
    name: str
    axes: tuple[str, ...]
    part: int = 0

    def __post_init__(self) -> None:
        one_of("NativeWeight.role", self.role, ROLES)
        a_tuple("NativeWeight.axes", self.axes)
        for axis in self.axes:
            checked_axis(
                f"NativeWeight.axes of {self.name}", axis, ("hidden", "input", "state", "directions")
            )
        wanted = CANONICAL_AXES[self.role]
        found = tuple(size_of(axis) for axis in self.axes if axis != "directions")
        if sorted(found) != sorted(wanted):
            raise BadInput(
                f"NativeWeight.axes of {self.name}: expected {' and '.join(wanted)} for {self.role};"
                f" got {', '.join(self.axes)}"
            )
        places = [factor for axis in self.axes for factor in axis.split("*")]
        sizes = [axis.split("*")[-1] for axis in self.axes if axis != "directions"]
        numbers = [sum(factor.isdecimal() for factor in axis.split("*")) for axis in self.axes]
        if places.count("directions") > 1 or sizes != [*found] or max(numbers) > 1 or "0" in places:
            raise BadInput(
                f"NativeWeight.axes of {self.name}: expected directions once at most, one number above 0 in a"
                f" product, and what is counted last in it, as in 2*hidden; got {', '.join(self.axes)}"
            )
        shared = [factor for axis in self.axes if (factor := count_of(axis)) > 1]
        if len(shared) > 1 or not 0 <= self.part < max(shared, default=1):
            raise BadInput(
                f"NativeWeight.part of {self.name}: expected a number below the count of parts of one axis"
                f" of {', '.join(self.axes)}; got {self.part}"
            )


@dataclass(frozen=True)
class Conventions:
    """A framework's habits, as data. The spec's tables are made from it, and checks hold it to them.

    Args:
        layer: the framework's own name for the layer.
        weights: how the weights of one cell are stored.
        bias_vectors: vectors a biased cell is stored with, 1 or 2; None: as many as it is given. Every role
            that a stored cell may have is in `weights`.
        axes: for each of "x", "sequence" and "final_states" the axes of the framework's own array: "batch",
            "time", "input", "hidden", "directions", "layers", or a product such as "directions*hidden".
            Empty: the framework's own arrays are not shown. Otherwise outputs tell their shapes
            (`native_shapes`), by the same names; where there is an array for each layer, that of the bottom
            one.
        last_output: in words, what it gives when asked for the last output only.
        final_state_order: in words, how it orders the states of layers and directions.
        padded_output: what the sequence output of one direction shows at masked time steps: "zero";
            "carried", the output of the last valid time step, zero before the first; "state", the same but
            the initial state before the first; or "undefined".
        padded_output_bidirectional: the same of a bidirectional layer.
        go_backwards_order: the order of the outputs of a layer that goes backwards: "processing", "input",
            or "padding last": in processing order those of the valid time steps, and then those of the
            masked ones. None: there is no such layer.
        initialisation: for the role of each weight that `weights` names how a freshly initialised layer is
            filled; "none" where nothing is declared. It is asked of the biases that a network has.
        reuses_outputs: a later call may overwrite the arrays that an earlier one returned.
        state_dtype: the type of final states under mixed precision: "computed", that of the outputs, or
            "weights".
        loss_dtype: the type that losses are summed and told in: "computed", that of the outputs, or
            "float32".
        quantised: the grids that weights, inputs and states are rounded to before they are multiplied, or the
            narrow type that weights are; None: to none. Results are then held to the bound that follows from
            it (DTY-15, DTY-16).

    Raises:
        BadInput: a value that is none of the above; the message names the field.
    """

    layer: str
    weights: tuple[NativeWeight, ...]
    bias_vectors: int | None = None
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    last_output: str = "unsupported"
    final_state_order: str = "unsupported"
    padded_output: PaddedOutput = "undefined"
    padded_output_bidirectional: PaddedOutput = "undefined"
    go_backwards_order: OutputOrder | None = None
    initialisation: Mapping[str, Initialisation] = field(default_factory=dict)
    reuses_outputs: bool = False
    state_dtype: StateDType = "computed"
    loss_dtype: LossDType = "computed"
    quantised: Quantised | None = None

    def __post_init__(self) -> None:
        one_of("Conventions.state_dtype", self.state_dtype, get_args(StateDType))
        one_of("Conventions.loss_dtype", self.loss_dtype, get_args(LossDType))
        if not isinstance(self.reuses_outputs, bool):
            raise BadInput(f"Conventions.reuses_outputs: expected True or False; got {self.reuses_outputs!r}")
        if not isinstance(self.quantised, Quantised | None):
            got = type(self.quantised).__name__
            raise BadInput(f"Conventions.quantised: expected a Quantised or None; got {got}")
        a_tuple("Conventions.weights", self.weights)
        for weight in self.weights:
            if not isinstance(weight, NativeWeight):
                raise BadInput(
                    f"Conventions.weights: expected NativeWeight objects; got {type(weight).__name__}"
                )
        roles = [weight.role for weight in self.weights]
        twice = [role for role in roles if roles.count(role) > 1]
        if twice or "W_x" not in roles or "W_h" not in roles:
            raise BadInput(
                "Conventions.weights: expected each role once, W_x and W_h among them;"
                f" got {', '.join(roles)}"
            )
        for name in dict.fromkeys(weight.name for weight in self.weights):
            sharing = [weight for weight in self.weights if weight.name == name]
            if len({weight.axes for weight in sharing}) > 1 or len({w.part for w in sharing}) < len(sharing):
                raise BadInput(
                    f"Conventions.weights: expected the same axes and another part for each role in {name};"
                    f" got {', '.join(f'{w.role} {w.axes} part {w.part}' for w in sharing)}"
                )
        one_of("Conventions.bias_vectors", self.bias_vectors, (None, 1, 2))
        for name, axes in self.axes.items():
            one_of("Conventions.axes", name, ARRAYS)
            a_tuple(f"Conventions.axes[{name!r}]", axes)
            for axis in axes:
                checked_axis(f"Conventions.axes[{name!r}]", axis, FACTORS)
        one_of("Conventions.padded_output", self.padded_output, get_args(PaddedOutput))
        one_of(
            "Conventions.padded_output_bidirectional",
            self.padded_output_bidirectional,
            get_args(PaddedOutput),
        )
        one_of("Conventions.go_backwards_order", self.go_backwards_order, (None, *get_args(OutputOrder)))
        for role, rule in self.initialisation.items():
            one_of("Conventions.initialisation", role, ROLES)
            one_of(f"Conventions.initialisation[{role!r}]", rule, RULES[role])

    def has_axis(self, array: str, axis: str) -> bool:
        """Whether the framework's own array has this axis; where nothing is declared, it has them all."""
        axes = self.axes.get(array)
        return axes is None or any(axis in each.split("*") for each in axes)


@dataclass(frozen=True)
class Supports:
    """What an implementation can do. The suite draws nothing else, and reports the rest as unsupported.

    Args:
        activations: those that a layer can be given, by name.
        dtypes: of "float32", "float64", "float16" and "bfloat16": those it accepts, whether or not it
            computes in them.
        parameters: the activations whose parameters can be chosen.
        compute_dtypes: those in which a layer of float32 can be told to compute (mixed precision).
        bidirectional: layers of two directions.
        mixed_directions: the two directions of a layer may differ in activation and bias.
        stacked: more than one layer.
        mixed_layers: layers of one stack that differ in hidden size, directions, activation or bias.
        no_bias: cells without bias.
        initial_states: a call with initial states.
        sequence: outputs of every step.
        last_output: a call that returns the last output only.
        final_states: final states are returned.
        lengths: a call with the length of each sequence of the batch.
        masks: a call with a mask of time steps, of any pattern.
        lengths_and_masks: a call with both; a step is valid where both say so.
        go_backwards: a layer of one direction that reads its input from the end.
        merge_modes: ways to merge the directions of a bidirectional layer.
        stateful: layers that keep their final states for the next call (`Adapter.reset_states`).
        dropout: where dropout can act in training.
        freshly_initialised: a new layer with the framework's own weights (`Adapter.freshly_initialised`).
        gradients: gradients of input, initial states and weights (`Adapter.gradients`).
        tangents: the JVP, derivatives of the outputs in a direction (`Adapter.tangents`).
        second_gradients: the double backward, gradients of gradients (`Adapter.second_gradients`).
        read_weights: loaded weights can be read back (`Adapter.read_weights`).
        native_weights: the shapes of the framework's own weight arrays (`Adapter.native_weights`).
        count_parameters: the framework counts its own parameters (`Adapter.count_parameters`).
        assign_weights: loaded weights can be changed in place (`Adapter.assign_weights`).
        restored: what is loaded can be saved and loaded again (`Adapter.restored`).
        leading_axes: input may have any number of batch axes, none included, in place of one (see `Call`).
        inferred_shapes: shapes of outputs before anything is computed (`Adapter.inferred_shapes`).
        unknown_axes: the axes of the input that may be unknown then.
        handed_masks: a mask is handed on with the outputs (`Adapter.handed_masks`).
        mask_dtypes: types of masks besides booleans: 0 for a masked time step, 1 for a valid one.
        input_dtypes: types of integers in which the input may come, as the numbers that they are.
        kept_options: a layer made anew from its configuration tells its options (`Adapter.kept_options`).
        wrong_layers: what makes no layer is refused when it is made (`Adapter.wrong_layers`).
        default_states: the states that a call starts from are told (`Adapter.default_states`).
        count_trainable: layers can be kept from being trained (`Adapter.count_trainable`).
        trained: steps of plain gradient descent (`Adapter.trained`).
        expensive: what costs so much anew that the suite should draw few of it: "sizes" (input and hidden)
            where layers are slow to build, "steps" (time too) where every step of a call is built and
            compiled by itself, "shapes" (batch and time too) where layers are compiled.

    Raises:
        BadInput: a name that is not known, a flag that is no bool, or two declarations that contradict each
            other; the message names the field.
    """

    activations: tuple[ActivationName, ...]
    dtypes: tuple[DType, ...]
    parameters: tuple[ActivationName, ...] = ()
    compute_dtypes: tuple[NarrowType, ...] = ()
    bidirectional: bool = False
    mixed_directions: bool = False
    stacked: bool = False
    mixed_layers: bool = False
    no_bias: bool = False
    initial_states: bool = False
    sequence: bool = False
    last_output: bool = False
    final_states: bool = False
    lengths: bool = False
    masks: bool = False
    lengths_and_masks: bool = False
    go_backwards: bool = False
    merge_modes: tuple[MergeMode, ...] = ("concat",)
    stateful: bool = False
    dropout: tuple[DropoutPlace, ...] = ()
    freshly_initialised: bool = False
    gradients: bool = False
    tangents: bool = False
    second_gradients: bool = False
    read_weights: bool = False
    native_weights: bool = False
    count_parameters: bool = False
    assign_weights: bool = False
    restored: bool = False
    leading_axes: bool = False
    inferred_shapes: bool = False
    unknown_axes: tuple[UnknownAxis, ...] = ()
    handed_masks: bool = False
    mask_dtypes: tuple[MaskType, ...] = ()
    input_dtypes: tuple[IntegerType, ...] = ()
    kept_options: bool = False
    wrong_layers: bool = False
    default_states: bool = False
    count_trainable: bool = False
    trained: bool = False
    expensive: Expensive = "nothing"

    def __post_init__(self) -> None:
        for name, known in (
            ("activations", ACTIVATIONS),
            ("dtypes", get_args(DType)),
            ("parameters", tuple(name for name in self.activations if name in DEFAULTS)),
            ("compute_dtypes", get_args(NarrowType)),
            ("merge_modes", get_args(MergeMode)),
            ("dropout", get_args(DropoutPlace)),
            ("unknown_axes", get_args(UnknownAxis)),
            ("mask_dtypes", get_args(MaskType)),
            ("input_dtypes", get_args(IntegerType)),
        ):
            a_tuple(f"Supports.{name}", getattr(self, name))
            for value in getattr(self, name):
                one_of(f"Supports.{name}", value, known)
        for name in ("activations", "dtypes", "merge_modes"):
            if not getattr(self, name):
                raise BadInput(f"Supports.{name}: expected at least one; got none")
        one_of("Supports.expensive", self.expensive, get_args(Expensive))
        for name in FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise BadInput(f"Supports.{name}: expected True or False; got {getattr(self, name)!r}")
        for name, needed in NEEDED_BESIDE.items():
            if getattr(self, name) and not all(map(self.has, needed)):
                raise BadInput(
                    f"Supports.{name}: expected {' and '.join(needed)} beside it; got {name} without"
                )
        if len(self.merge_modes) > 1 and not self.bidirectional:
            raise BadInput("Supports.merge_modes: expected bidirectional beside several; got them without")
        if "between layers" in self.dropout and not self.stacked:
            raise BadInput("Supports.dropout: expected stacked beside 'between layers'; got it without")
        for name, needed_for in (("unknown_axes", "inferred_shapes"), ("mask_dtypes", "masks")):
            if getattr(self, name) and not self.has(needed_for):
                raise BadInput(f"Supports.{name}: expected {needed_for} beside it; got {name} without")
        if self.compute_dtypes and "float32" not in self.dtypes:
            raise BadInput("Supports.compute_dtypes: expected dtypes with float32 beside it; got it without")

    def has(self, name: str) -> bool:
        """Whether something is supported: an ability of `ABILITIES`, an activation or a type, by its name.

        "elu parameters": whether those of elu can be chosen.
        """
        chosen = [f"{activation} parameters" for activation in self.parameters]
        return name in (*self.activations, *self.dtypes, *chosen) or bool(getattr(self, name, False))

    @property
    def outputs(self) -> bool:
        """Whether anything is returned at all."""
        return self.sequence or self.last_output or self.final_states

    @property
    def states_or_last(self) -> bool:
        """Whether the state after the last step is returned in either form."""
        return self.final_states or self.last_output

    @property
    def one_output_a_case(self) -> bool:
        """Whether a case asks for sequences or for the last output, where others ask for both: for each of
        them something expensive would be built."""
        return self.expensive != "nothing" and self.sequence and self.last_output

    @property
    def variable_lengths(self) -> bool:
        """Whether a batch may hold sequences of variable length, said by lengths or by a mask."""
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


FLAGS = tuple(each.name for each in fields(Supports) if each.type == "bool")
NEEDED_BESIDE: Mapping[str, tuple[str, ...]] = {
    "mixed_layers": ("stacked",),
    "mixed_directions": ("bidirectional",),
    "lengths_and_masks": ("lengths", "masks"),
    "tangents": ("gradients",),
    "second_gradients": ("gradients",),
    "handed_masks": ("masks",),
    "trained": ("read_weights",),
}
ABILITIES = frozenset(
    (
        *(each.name for each in fields(Supports)),
        *(name for name, value in vars(Supports).items() if isinstance(value, property)),
        *ACTIVATIONS,
        *(f"{activation} parameters" for activation in DEFAULTS),
        *get_args(DType),
    )
)
"""Every name that `Supports.has` knows."""
METHODS = (
    "read_weights",
    "native_weights",
    "count_parameters",
    "assign_weights",
    "restored",
    "freshly_initialised",
    "gradients",
    "tangents",
    "second_gradients",
    "inferred_shapes",
    "handed_masks",
    "kept_options",
    "wrong_layers",
    "default_states",
    "count_trainable",
    "trained",
)
"""Abilities that are a method of the same name."""


def checked_together(conventions: Conventions, supports: Supports) -> None:
    """Refuse declarations of which one needs another that is missing.

    Raises:
        BadInput: axes of an output that is supported, or the initialisation of a weight, are not declared;
            or an order of outputs for a direction that there is not.
    """
    if conventions.axes:
        for name in ("x", *(each for each in ARRAYS[1:] if supports.has(each))):
            if name not in conventions.axes:
                raise BadInput(
                    f"Conventions.axes: expected the axes of {name}, too, or none at all;"
                    f" got those of {', '.join(conventions.axes)}"
                )
    if supports.freshly_initialised:
        for weight in conventions.weights:
            if weight.role not in conventions.initialisation:
                raise BadInput(
                    f"Conventions.initialisation: expected a rule for {weight.role}, which is stored as"
                    f" {weight.name}; got rules for {', '.join(conventions.initialisation) or 'nothing'}"
                )
    if supports.go_backwards and conventions.go_backwards_order is None:
        raise BadInput(
            "Conventions.go_backwards_order: expected an order, as go_backwards is supported; got None"
        )


def one_of(name: str, value: Any, known: Iterable[Any]) -> None:
    """Refuse what is not among the known values.

    Raises:
        BadInput: it is not.
    """
    known = tuple(known)
    if not any(value == each and type(value) is type(each) for each in known):
        expected = ", ".join("None" if each is None else str(each) for each in known) or "nothing"
        raise BadInput(f"{name}: expected {'one of ' if len(known) > 1 else ''}{expected}; got {value!r}")


def a_tuple(name: str, value: Any) -> None:
    """Refuse what is no tuple: a string in its place would be taken letter by letter.

    Raises:
        BadInput: it is not.
    """
    if not isinstance(value, tuple):
        raise BadInput(f"{name}: expected a tuple; got {type(value).__name__} {value!r}")


def checked_axis(name: str, axis: Any, known: tuple[str, ...]) -> None:
    """Refuse an axis that is no product of known factors and numbers.

    Raises:
        BadInput: it is not.
    """
    factors = axis.split("*") if isinstance(axis, str) else [axis]
    for factor in factors:
        if not (isinstance(factor, str) and (factor in known or factor.isdecimal())):
            raise BadInput(
                f"{name}: expected products of {', '.join(known)} and numbers, such as 2*hidden; got {axis!r}"
            )


def size_of(axis: str) -> str:
    """The factor of an axis that is neither a number nor "directions"."""
    names = [factor for factor in axis.split("*") if not factor.isdecimal() and factor != "directions"]
    return "*".join(names)


def count_of(axis: str) -> int:
    """The number in a product such as "2*hidden"; 1 where there is none."""
    numbers = [int(factor) for factor in axis.split("*") if factor.isdecimal()]
    return numbers[0] if numbers else 1
