"""TensorFlow.js's part of a reproduction: plain JavaScript of each route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_adapters.reference import marked_by_value
from rnn_adapters.reproduction import Code, Question, Spoken, arrays_of_calls, numbered
from rnn_adapters.reproduction_javascript import literal, number, shape_of, split, together
from rnn_reference.activations import Activation
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Cell

NAMED = {"hard_sigmoid": "hardSigmoid", "elu(alpha=1.0)": "elu", "elu": "elu"}
"""What tf.layers calls what it has."""
APPLIED: Mapping[str, str] = {
    "elu": "tf.add(tf.relu(z), tf.mul({alpha}, tf.expm1(tf.minimum(z, 0))))",
    "leaky_relu": "tf.leakyRelu(z, {alpha})",
    "hard_sigmoid": "tf.clipByValue(tf.add(tf.mul(z, {alpha}), {beta}), 0, 1)",
    "affine": "tf.add(tf.mul(z, {alpha}), {beta})",
    "scaled_tanh": "tf.mul({alpha}, tf.tanh(tf.mul(z, {beta})))",
}
MODELS = ("functional", "sequential", "predict", "model file", "model JSON", "masking", "embedding")
OF_CELLS = ("RNN of cells", "stacked cells")
WITHOUT_STATES = ("row by row", "final states not asked for", "sequential")
DIFFERENTIATED = ("", "unrolled", "RNN of a cell", "configuration", "states in the input", "wasm")
PASSAGES = {
    "model file": (
        "let saved;",
        "await model.save(tf.io.withSaveHandler(async (artifacts) => {",
        "  saved = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) };",
        "  return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };",
        "}));",
        "const other = await tf.loadLayersModel(tf.io.fromMemory(saved));",
    ),
    "model JSON": (
        "const other = await tf.models.modelFromJSON(JSON.parse(model.toJSON()));",
        "other.setWeights(model.getWeights());",
    ),
}


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random, and of calls that a route does not have."""
    call = question.call
    if call.dropout is not None or (question.route in ("cell", "row by row") and 0 in call.x.shape[:2]):
        return None
    derived = question.derivative is not None
    if derived and (question.network.num_layers > 1 or question.route not in DIFFERENTIATED):
        return None
    writer = _Writer(question)
    return Code(
        imports=writer.imports(),
        made=writer.made(),
        called=writer.differentiated() if derived else writer.called(),
        got=writer.got(),
        version="tf.version.tfjs",
        language="javascript",
    )


class _Writer:
    """Writes the parts of one script."""

    def __init__(self, question: Question) -> None:
        self.question, self.network, self.call = question, question.network, question.call
        self.route = question.route
        self.is_model = self.route in MODELS
        self.returns_state = self.route not in WITHOUT_STATES
        self.count = 1 if self.route in OF_CELLS else self.network.num_layers
        self.arrays = arrays_of_calls(question)

    def imports(self) -> list[str]:
        """The imports, and another backend where it is asked for."""
        lines = ["import tf from '@tensorflow/tfjs';"]
        if self.route != "wasm":
            return lines
        return [*lines, "import '@tensorflow/tfjs-backend-wasm';", "", "await tf.setBackend('wasm');"]

    # Layers.

    def made(self) -> list[str]:
        """The layers, with their weights; a model of them, where the route has one."""
        lines = self._activations()
        for index in range(self.count):
            lines += self._layer(index)
        if self.is_model:
            return [*lines, *self._model(), *self._weights(), *PASSAGES.get(self.route, ())]
        for index in range(self.count):
            batch = len(self.call.x) if self.call.stateful else "null"
            inputs = self.network.layers[index].input_size
            name = self._name(index)
            if self.route == "cell":
                lines.append(f"{name}.build([null, {inputs}]);")
                lines.append(f"{name}.built = true;")
                continue
            shape = (
                f"[1, null, null, {inputs}]" if self.route == "row by row" else f"[{batch}, null, {inputs}]"
            )
            lines.append(f"{name}.apply(tf.input({{ batchShape: {shape} }}));")
        return [*lines, *self._weights()]

    def _name(self, index: int) -> str:
        return numbered("cell" if self.route == "cell" else "layer", index, self.count)

    def _activations(self) -> list[str]:
        """Classes of the activations that tf.layers has no name for."""
        lines = list[str]()
        for of, name in self._classes().items():
            parameters = {key: repr(value) for key, value in of.parameters.items()}
            lines += [
                f"class {name} extends tf.serialization.Serializable {{",
                f"  static className = '{name.lower()}';",  # a file would take capitals away
                "  static fromConfig(cls) { return new cls(); }",
                "  getConfig() { return {}; }",
                f"  apply(z) {{ return tf.tidy(() => {APPLIED[of.name].format(**parameters)}); }}",
                "}",
                f"tf.serialization.registerClass({name});",
                "",
            ]
        return lines

    def _classes(self) -> dict[Activation, str]:
        used = [cell.activation for cell in self.network.cells]
        written = [each for each in used if each.name in APPLIED and str(each) not in NAMED]
        distinct = list(dict.fromkeys(written))
        return {each: f"Phi{index}" if index else "Phi" for index, each in enumerate(distinct)}

    def _layer(self, index: int) -> list[str]:
        """Lines that make a layer."""
        name, layer = self._name(index), self.network.layers[index]
        if self.route == "cell":
            return [f"const {name} = tf.layers.simpleRNNCell({self._cell(layer.forward)});"]
        loop = self._loop(index)
        if self.route in OF_CELLS:
            cells = ", ".join(f"tf.layers.simpleRNNCell({self._cell(cell)})" for cell in self.network.cells)
            cell = f"[{cells}]"
            if self.route == "stacked cells":
                cell = f"tf.layers.stackedRNNCells({{ cells: [{cells}] }})"
            loop = self._loop(self.network.num_layers - 1)
            return split(f"const {name} = tf.layers.rnn({{ ", [f"cell: {cell}", *loop], " });")
        if self.route == "RNN of a cell":
            cell = f"cell: tf.layers.simpleRNNCell({self._cell(layer.forward)})"
            made = f"tf.layers.rnn({{ {', '.join([cell, *loop])} }})"
        else:
            more = ["unroll: true"] if self.route == "unrolled" else []
            options = [*self._cell_options(layer.forward), *loop, *more]
            made = f"tf.layers.simpleRNN({{ {', '.join(options)} }})"
        if layer.directions == 2:
            mode, top = self.call.merge_mode, index == self.network.num_layers - 1
            merge = [] if mode == "concat" or not top else ["null" if mode == "none" else f"'{mode}'"]
            both = [f"layer: {made}", *(f"mergeMode: {each}" for each in merge)]
            made = f"tf.layers.bidirectional({{ {', '.join(both)} }})"
        if self.route == "row by row":
            made = f"tf.layers.timeDistributed({{ layer: {made} }})"
        if self.route != "configuration":
            return [f"const {name} = {made};"]
        first = f"first{name.removeprefix('layer')}"
        config = f"JSON.parse(JSON.stringify({first}.getConfig()))"
        return [
            f"const {first} = {made};",
            f"const {name} = {first}.constructor.fromConfig({first}.constructor, {config});",
        ]

    def _cell(self, cell: Cell) -> str:
        return f"{{ {', '.join(self._cell_options(cell))} }}"

    def _cell_options(self, cell: Cell) -> list[str]:
        of = cell.activation
        phi = self._classes().get(of, "").lower() or NAMED.get(str(of), of.name)
        options = [f"units: {cell.hidden_size}"]
        options += [] if of.name == "tanh" else [f"activation: '{phi}'"]
        return options if cell.biases else [*options, "useBias: false"]

    def _loop(self, index: int) -> list[str]:
        top = index == self.network.num_layers - 1
        options = ["returnSequences: true"] if self.call.return_sequences or not top else []
        options += ["returnState: true"] if self.returns_state else []
        options += ["goBackwards: true"] if self.call.go_backwards and top else []
        return [*options, "stateful: true"] if self.call.stateful else options

    def _weights(self) -> list[str]:
        """Lines that give the layers their weights; where a call must be refused none matters."""
        if self.question.right is None:
            return []
        of, lines, first = self.question, list[str](), 0
        for index in range(self.count):
            cells = self.network.cells if self.route in OF_CELLS else self.network.layers[index].cells
            arrays = list[str]()
            for number_of_cell, cell in enumerate(cells, first):
                for role in ("W_x", "W_h"):
                    held: Array = getattr(cell, role)
                    arrays.append(f"tf.tensor({of.weight(role, number_of_cell)}{shape_of(held)}).transpose()")
                biases = [of.weight(role, number_of_cell) for role in ("b", "b_h")]
                given = [f"tf.tensor({name})" for name in biases if name]
                arrays += [f"tf.add({', '.join(given)})"] if len(given) == 2 else given
            first += len(cells)
            lines += split(f"{self._name(index)}.setWeights([", arrays, "]);")
        return lines

    # Models.

    def _model(self) -> list[str]:
        """A model around the layers."""
        (spoken,), features = self.question.spoken, self.network.input_size
        batch = len(self.call.x) if self.call.stateful else "null"
        if self.route == "sequential":
            layers = ", ".join(self._name(index) for index in range(self.count))
            first = f"tf.layers.inputLayer({{ batchInputShape: [{batch}, null, {features}] }})"
            return [f"const model = tf.sequential({{ layers: [{first}, {layers}] }});"]
        masked = spoken.mask and self.route in ("masking", "embedding")
        shape = f"[{batch}, null]" if masked and self.route == "embedding" else f"[{batch}, null, {features}]"
        lines = [f"const x_in = tf.input({{ batchShape: {shape} }});"]
        x, inputs = "x_in", ["x_in"]
        if masked and self.route == "masking":
            x = f"tf.layers.masking({{ maskValue: {number(self._marked()[1])} }}).apply(x_in)"
        elif masked:
            options = f"inputDim: {1 + self.call.x.shape[0] * self.call.x.shape[1]}, outputDim: {features}"
            lines.append(f"const embedding = tf.layers.embedding({{ {options}, maskZero: true }});")
            x = "embedding.apply(x_in)"
        states = None
        if spoken.states is not None:
            states = [[f"{name}_in" for name in names] for names in spoken.states]
            for layer, names in zip(self.network.layers, states, strict=True):
                for name in names:
                    lines.append(
                        f"const {name} = tf.input({{ batchShape: [{batch}, {layer.hidden_size}] }});"
                    )
                    inputs.append(name)
        lines += self._chain(x, states, "", training=False, symbol="_out")
        outputs = [f"{name}_out" for name in self._outputs()]
        outputs += [f"...{name}_out" for name in self._state_names()]
        lines.append(
            f"const model = tf.model({{ inputs: [{', '.join(inputs)}], outputs: [{', '.join(outputs)}] }});"
        )
        if masked and self.route == "embedding":
            rows = f"tf.tensor({spoken.x}).reshape([-1, {features}])"
            lines.append(f"embedding.setWeights([tf.concat([tf.zeros([1, {features}]), {rows}])]);")
        return lines

    def _marked(self) -> tuple[Array, float]:
        assert self.call.mask is not None
        return marked_by_value(self.call.x, self.call.mask)

    # Calls.

    def called(self) -> list[str]:
        """All calls."""
        lines = list[str]()
        for index, spoken in enumerate(self.question.spoken):
            last = index == len(self.question.spoken) - 1
            lines += self._one_call(spoken) if last else self._call_before(spoken)
        return lines

    def _call_before(self, spoken: Spoken) -> list[str]:
        """A call of stateful layers, of which nothing is shown: in a block of its own."""
        return ["{", *(f"  {line}" for line in self._one_call(spoken)), "}"]

    def _one_call(self, spoken: Spoken) -> list[str]:
        if self.route == "cell":
            return self._by_steps(spoken)
        states = None
        if spoken.states is not None:
            states = [[self._tensor(name) for name in names] for names in spoken.states]
        if not self.is_model:
            mask = self._tensor(spoken.mask) if spoken.mask else ""
            x = self._tensor(spoken.x)
            if self.route == "row by row":
                x = f"{x}.expandDims(0)"
            return self._chain(x, states, mask, training=spoken.call.training)
        x = self._tensor(spoken.x)
        if spoken.mask and self.route == "masking":
            x = f"tf.tensor({literal(self._marked()[0])})"
        elif spoken.mask and self.route == "embedding":
            valid = spoken.call.mask
            assert valid is not None
            steps = np.where(valid, 1 + np.arange(valid.size).reshape(valid.shape), 0)
            x = f"tf.tensor({literal(steps)})"
        given = [x, *(name for names in states or [] for name in names)]
        inputs = given[0] if len(given) == 1 else f"[{', '.join(given)}]"
        model = "other" if self.route in PASSAGES else "model"
        training = ", { training: true }" if spoken.call.training else ""
        call = f"{model}.apply({inputs}{training})"
        if self.route == "predict":
            call = f"model.predict({inputs}, {{ batchSize: 2 }})"
        left = self._outputs() if self.route == "sequential" else [*self._outputs(), "...states"]
        return [f"const [{', '.join(left)}] = [{call}].flat(Infinity);"]

    def _tensor(self, name: str) -> str:
        return f"tf.tensor({name}{shape_of(self.arrays[name])})"

    def _by_steps(self, spoken: Spoken) -> list[str]:
        zeros = f"tf.zeros([{len(spoken.call.x)}, {self.network.layers[0].hidden_size}])"
        first = zeros if spoken.states is None else self._tensor(spoken.states[0][0])
        training = ", { training: true }" if spoken.call.training else ""
        return [
            f"let h = {first};",
            "const outputs = [];",
            f"for (const x_t of {self._tensor(spoken.x)}.unstack(1)) {{",
            "  let output;",
            f"  [output, h] = cell.apply([x_t, h]{training});",
            "  outputs.push(output);",
            "}",
        ]

    def _outputs(self) -> list[str]:
        return ["forward", "backward"] if self.call.merge_mode == "none" else ["y"]

    def _state_names(self) -> list[str]:
        if not self.returns_state:
            return []
        return [numbered("states", index, self.count) for index in range(self.count)]

    def _chain(
        self, x: str, states: list[list[str]] | None, mask: str, *, training: bool, symbol: str = ""
    ) -> list[str]:
        """Layers, applied one after the other; what they give has names that end as symbols do."""
        lines = list[str]()
        if self.route in OF_CELLS and states is not None:  # the states of the top cell first
            states = [[name for names in reversed(states) for name in names]]
        for index in range(self.count):
            top, given = index == self.count - 1, list[str]()
            if states is not None and self.route == "states in the input":
                x = f"[{', '.join([x, *states[index]])}]"
            elif states is not None:
                given.append(f"initialState: [{', '.join(states[index])}]")
            given += [f"mask: {mask}"] if mask else []
            given += ["training: true"] if training else []
            arguments = x if not given else f"{x}, {{ {', '.join(given)} }}"
            below = f"y_{index}{symbol}"
            outputs = [f"{name}{symbol}" for name in self._outputs()] if top else [below]
            names = self._state_names()
            left = [*outputs, *([f"...{names[index]}{symbol}"] if names else [])]
            lines.append(
                f"const [{', '.join(left)}] = [{self._name(index)}.apply({arguments})].flat(Infinity);"
            )
            x = below
        return lines

    # Derivatives.

    def differentiated(self) -> list[str]:
        """Lines that give the gradient `d`."""
        (spoken,), of = self.question.spoken, self.question.derivative
        assert of is not None
        assert spoken.states is not None
        states = spoken.states[0]
        mask = self._tensor(spoken.mask) if spoken.mask else ""
        names, d_states = [spoken.x, *states], np.concatenate(of.d_final_states)
        output = "tf.concat([forward, backward], -1)" if self.call.merge_mode == "none" else "y"
        given = [
            *together({"d_y": of.d_sequence, "d_h": d_states}),
            f"const loss = ({', '.join(names)}) => {{",
            *(f"  {line}" for line in self._chain(spoken.x, [states], mask, training=False)),
            f"  return tf.add(tf.sum(tf.mul(d_y, {output})), tf.sum(tf.mul(d_h, tf.stack(states))));",
            "};",
        ]
        sources = ", ".join(map(self._tensor, names))
        if of.direction is None and of.of[0] in ("x", "state"):
            return [*given, f"const d = tf.grads(loss)([{sources}]);"]
        return [
            *given,
            f"const sources = [{sources}];",
            "const variables = layer.trainableWeights.map((weight) => weight.read());",
            "const gradients = (f, given) => {",
            "  const { grads } = tf.variableGrads(() => f(...given), variables);",
            "  return [...tf.grads(f)(given), ...variables.map(({ name }) => grads[name])];",
            "};",
            *(["const d = gradients(loss, sources);"] if of.direction is None else self._twice(of.direction)),
        ]

    def _twice(self, direction: Gradients) -> list[str]:
        """Gradients of the sum of gradients times these rates."""
        arrays = [direction.x, *(state for layer in direction.initial_states for state in layer)]
        for cell in direction.cells:
            bias = cell.b if cell.b_h is None or cell.b is None else cell.b + cell.b_h
            arrays += [cell.W_x.T, cell.W_h.T, *([] if bias is None else [bias])]
        products = "gradients(loss, given).map((each, i) => tf.sum(tf.mul(each, rates[i])))"
        return [
            *split("const rates = [", map(literal, arrays), "];"),
            f"const along = (...given) => tf.addN({products});",
            "const d = gradients(along, sources);",
        ]

    # What is shown.

    def got(self) -> str:
        """The quantity in canonical axes."""
        if self.question.derivative is not None:
            return self._got_derivative(*self.question.derivative.of)
        if self.question.quantity == "final states":
            return f"[{', '.join(f'{state}.arraySync()' for state in self._states())}]"
        if self.route == "cell":
            return "tf.stack(outputs, 1).arraySync()"
        if self.call.merge_mode == "none":
            return "tf.concat([forward, backward], -1).arraySync()"
        return "y.squeeze([0]).arraySync()" if self.route == "row by row" else "y.arraySync()"

    def _got_derivative(self, role: str, index: int) -> str:
        if role == "x":
            return "d[0].arraySync()"
        directions = self.question.directions[0]
        if role == "state":
            return f"d.slice(1, {1 + directions}).map((each) => each.arraySync())"
        each = 2 + bool(self.network.cells[0].biases)
        place = 1 + directions + index * each + {"W_x": 0, "W_h": 1}.get(role, 2)
        return f"d[{place}]{'.transpose()' * (role in ('W_x', 'W_h'))}.arraySync()"

    def _states(self) -> Sequence[str]:
        """The final states of the directions of the layer that is asked for."""
        if self.route == "cell":
            return ["h"]
        layer, directions = self.question.layer, self.question.directions
        if self.route in OF_CELLS:  # those of the top cell first
            return [f"states[{self.network.num_layers - 1 - layer}]"]
        if self.is_model:
            first = sum(directions[:layer])
            return [f"states[{first + place}]" for place in range(directions[layer])]
        return [f"{numbered('states', layer, self.count)}[{place}]" for place in range(directions[layer])]
