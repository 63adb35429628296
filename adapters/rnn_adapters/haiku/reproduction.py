"""Haiku's part of a reproduction: plain code of each route. Nothing here imports Haiku."""

from __future__ import annotations

import re

from rnn_adapters.literals import split
from rnn_adapters.reproduction import Code, Question
from rnn_adapters.reproduction_functional import OfFunction, differentiable

X64 = 'jax.config.update("jax_enable_x64", True)'
BATCH_FIRST = ("batch first", "vmap")
BY_STEPS = ("core", "scan of a core")
UNROLLED = {
    "unrolled": "hk.dynamic_unroll({core}, x, {state}{reverse}, unroll=3)",
    "batch first": "hk.dynamic_unroll({core}, x, {state}{reverse}, time_major=False)",
    "all states": "hk.dynamic_unroll({core}, x, {state}{reverse}, return_all_states=True)",
    "remat": "hk.dynamic_unroll(hk.remat({core}), x, {state}{reverse})",
    "reset core": (
        "hk.dynamic_unroll(hk.ResetCore({core}), (x, np.zeros(x.shape[:2], bool)), {state}{reverse})"
    ),
    "static unroll": "hk.static_unroll({core}, x, {state})",
}
USUAL = "hk.dynamic_unroll({core}, x, {state}{reverse})"


def code(question: Question) -> Code | None:
    """Plain code of a call; none of derivatives in narrow types, and of a loop over no steps."""
    if question.route == "core" and not question.call.x.shape[1]:
        return None
    writer = _Writer(question)
    if question.derivative is None:
        return Code(writer.imports(), writer.made(), writer.called(), writer.got(), "hk.__version__")
    if not differentiable(question):
        return None
    written = OfFunction(question, "jax.grad")
    weights, call = writer.weights(), [*writer.called(), *writer.canonical()]
    called = written.lines([*weights, *call], "y", writer.finals())
    return Code(writer.imports(), writer.transformed(), called, written.got, "hk.__version__")


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question, self.network, self.call = question, question.network, question.call
        (self.spoken,) = question.spoken
        self.route = question.route
        self.batch_first = self.route in BATCH_FIRST
        self.deep = self.network.num_layers > 1 or self.route in ("deep", "skip connections")
        self.narrow = self.call.compute_dtype

    def imports(self) -> list[str]:
        """The imports, and float64 where it is asked for."""
        found = ["import haiku as hk", "import jax", *(["import jmp"] if self.narrow else [])]
        return [*found, "import numpy as np", *([X64] if self.network.dtype == "float64" else [])]

    # What is transformed.

    def made(self) -> list[str]:
        """The transformed function, and its weights."""
        return [*self.transformed(), *self.weights()]

    def transformed(self) -> list[str]:
        """Lines that give `rnn`."""
        kind = "transform_with_state" if self.route == "with state" else "transform"
        states = self.spoken.states is not None or self.route == "scan of a core"
        body = self._network(states)
        body = [re.sub(r"\bx\b", "inputs", line) for line in body]
        if self.narrow:
            narrow = {"bfloat16": "bf16", "float16": "f16"}[self.narrow]
            policy = f'jmp.get_policy("p=f32,c={narrow},o={narrow}")'
            pushed = f"hk.mixed_precision.push_policy(hk.VanillaRNN, {policy})"
            body = [f"with {pushed}:", *(f"    {line}" for line in body)]
        return [
            "",
            f"def network(inputs{', state' if states else ''}):",
            *(f"    {line}" for line in body),
            "",
            f"rnn = hk.without_apply_rng(hk.{kind}(network))",
        ]

    def _network(self, states: bool) -> list[str]:
        """The body of what is transformed."""
        options = ", double_bias=False" if self.route == "one bias" else ""
        cores = [f"hk.VanillaRNN({layer.hidden_size}{options})" for layer in self.network.layers]
        if self.route == "one after the other":
            return self._one_after_the_other(cores, states)
        deep = "hk.DeepRNN({})"
        if self.route == "skip connections":
            deep = "hk.deep_rnn_with_skip_connections({})"
        every = ", ".join(cores)
        made = f"core = {deep.format(f'[{every}]')}" if self.deep else f"core = {cores[0]}"
        if self.route == "scan of a core":
            return [made, "return core(x, state)"]
        batch = "None" if self.route == "vmap" else "x.shape[0]" if self.batch_first else "x.shape[1]"
        state = "state" if states else f"core.initial_state({batch})"
        if self.route == "core":
            return [
                made,
                f"outputs, state = [], {state}",
                "for x_t in x:",
                "    output, state = core(x_t, state)",
                "    outputs.append(output)",
                "return jax.numpy.stack(outputs), state",
            ]
        reverse = ", reverse=True" * self.call.go_backwards
        usual = UNROLLED.get(self.route, USUAL)
        if "core" not in state and not self.deep:
            return [f"return {usual.format(core=cores[0], state=state, reverse=reverse)}"]
        return [made, f"return {usual.format(core='core', state=state, reverse=reverse)}"]

    def _one_after_the_other(self, cores: list[str], states: bool) -> list[str]:
        reverse, lines = ", reverse=True" * self.call.go_backwards, ["finals = []"]
        for index, core in enumerate(cores):
            given = ("state" if len(cores) == 1 else f"state[{index}]") if states else ""
            state = given or "core.initial_state(x.shape[1])"
            lines += [
                f"core = {core}",
                f"x, final = hk.dynamic_unroll(core, x, {state}{reverse})",
                "finals.append(final)",
            ]
        return [*lines, f"return x, {'finals' if len(cores) > 1 else 'final'}"]

    def weights(self) -> list[str]:
        """Lines that give `weights`."""
        of, pairs = self.question, list[str]()
        for index in range(self.network.num_layers):
            core = "vanilla_rnn" + (f"_{index}" if index else "")
            W_x, W_h, b, b_h = (of.weight(role, index) for role in ("W_x", "W_h", "b", "b_h"))
            if self.route == "one bias":
                b, b_h = of.bias(index), ""
            elif not b_h:
                b_h = f"0 * {b}"
            kernel = f"{W_x}.T"
            if index and self.route == "skip connections":  # those of the skip are zero
                zeros = f"np.zeros(({self.network.input_size}, {self.network.layers[index].hidden_size}))"
                kernel = f"jax.numpy.concatenate([{zeros}.astype({W_x}.dtype), {kernel}])"
            linear = [("w", f"{W_h}.T"), *([("b", b_h)] if b_h else [])]
            pairs.append(f'"{core}/linear": {self._leaves([("w", kernel), ("b", b)])}')
            pairs.append(f'"{core}/linear_1": {self._leaves(linear)}')
        return split("weights = {", pairs, "}")

    def _leaves(self, leaves: list[tuple[str, str]]) -> str:
        pairs = [f'"{name}": {self._typed(array)}' for name, array in leaves]
        return f"{{{', '.join(pairs)}}}"

    def _typed(self, array: str) -> str:
        """An array in the type of the network, which the script has in a wider one if it is bfloat16."""
        if self.network.dtype != "bfloat16":
            return array
        return f'({array}).astype("bfloat16")' if "+" in array else f'{array}.astype("bfloat16")'

    # Calls.

    def called(self) -> list[str]:
        """Lines that give `y` and `state`."""
        x = self._typed(self.spoken.x)
        if not self.batch_first and self.call.x.ndim > 1:
            x = f"{x}.swapaxes(0, 1)"
        given = self._states()
        if self.route == "scan of a core":
            zeros = [f"np.zeros(({len(self.call.x)}, {n}))" for n in self._sizes()]
            first = given or self._in_one([f'{each}.astype("float32")' for each in zeros])
            return [
                "",
                "def step(state, x_t):",
                "    y, state = rnn.apply(weights, x_t, state)",
                "    return state, y",
                "",
                f"state, y = jax.lax.scan(step, {first}, {x})",
            ]
        arguments = ", ".join([x, *([given] if given else [])])
        if self.route == "vmap":
            names = "x, state" if given else "x"
            return [f"y, state = jax.vmap(lambda {names}: rnn.apply(weights, {names}))({arguments})"]
        if self.route == "with state":
            return [f"(y, state), _ = {self._apply}(weights, {{}}, {arguments})"]
        lines = [f"y, state = {self._apply}(weights, {arguments})"]
        if self.route == "all states":
            last = 0 if self.call.go_backwards else -1
            lines.append(f"state = jax.tree.map(lambda each: each[{last}], state)")
        return lines

    @property
    def _apply(self) -> str:
        plain = self.route == "eager" or self.question.derivative is not None
        return "rnn.apply" if plain else "jax.jit(rnn.apply)"

    def canonical(self) -> list[str]:
        """A line that turns the output to (batch, time, features)."""
        top = self.network.layers[-1].hidden_size
        cut = f"[..., -{top}:]" if self.route == "skip connections" else ""
        turned = "" if self.batch_first else ".swapaxes(0, 1)"
        return [f"y = y{cut}{turned}"] if cut or turned else []

    def _sizes(self) -> list[int]:
        return [layer.hidden_size for layer in self.network.layers]

    def _states(self) -> str:
        """The states of all cores as a core takes them; "" where none are given."""
        narrow = self.narrow if self.route == "states of the type computed in" else None
        given = [
            f'{name}.astype("{narrow}")' if narrow else self._typed(name)
            for names in self.spoken.states or []
            for name in names
        ]
        return self._in_one(given) if given else ""

    def _in_one(self, states: list[str]) -> str:
        return f"({', '.join(states)},)" if self.deep else states[0]

    # What is shown.

    def finals(self) -> list[str]:
        """The final state of each core."""
        return [f"state[{index}]" for index in range(self.network.num_layers)] if self.deep else ["state"]

    def got(self) -> str:
        """The quantity in canonical axes."""
        if self.question.quantity == "final states":
            return f"np.array({self.finals()[self.question.layer]})[None]"
        top = self.network.layers[-1].hidden_size
        cut = f"[..., -{top}:]" if self.route == "skip connections" else ""
        turned = "" if self.batch_first else ".swapaxes(0, 1)"
        return f"np.array(y){cut}{turned}"
