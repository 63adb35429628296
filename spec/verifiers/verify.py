"""An RNN in plain Python, held against vectors (spec/94-vectors.md): python3 verify.py FILE ..."""

import json
import re
import sys
from functools import reduce
from math import exp, expm1, inf, isnan, log1p, nan, tanh

ACTIVATIONS = {  # α and β where none are given; φ(z); and φ′ as a function of h = φ(z)
    "tanh": (0, 0, lambda z, a, b: tanh(z), lambda h, a, b: 1 - h * h),
    "relu": (0, 0, lambda z, a, b: 0.0 if z < 0 else z, lambda h, a, b: 1.0 if h > 0 else 0.0),
    "sigmoid": (0, 0, lambda z, a, b: 0.5 + 0.5 * tanh(0.5 * z), lambda h, a, b: h * (1 - h)),
    "linear": (0, 0, lambda z, a, b: z, lambda h, a, b: 1.0),
    "softsign": (0, 0, lambda z, a, b: z / (1 + abs(z)), lambda h, a, b: (1 - abs(h)) ** 2),
    "softplus": (0, 0, lambda z, a, b: max(z, 0.0) + log1p(exp(-abs(z))), lambda h, a, b: -expm1(-h)),
    "elu": (1, 0, lambda z, a, b: z if z > 0 else a * expm1(z), lambda h, a, b: 1.0 if h > 0 else h + a),
    "leaky_relu": (0.01, 0, lambda z, a, b: z if z > 0 else a * z, lambda h, a, b: 1.0 if h > 0 else a),
    "hard_sigmoid": (0.2, 0.5, lambda z, a, b: clip(a * z + b), lambda h, a, b: a if 0 < h < 1 else 0.0),
    "affine": (1, 0, lambda z, a, b: a * z + b, lambda h, a, b: a),
    "scaled_tanh": (1, 1, lambda z, a, b: a * tanh(b * z), lambda h, a, b: a * b * (1 - (h / a) ** 2)),
}
MERGES = {"sum": lambda f, b: f + b, "mul": lambda f, b: f * b, "ave": lambda f, b: (f + b) * Number(0.5)}
TAPE = []
STEPS = {"call", "gradients", "tangents", "assign", "reset", "restore"}


class Number:
    """A number, and what it was made of: others, each with the derivative by it. All stand on the tape."""

    def __init__(self, value, parents=()):
        self.value, self.parents, self.gradient, self.tangent = value, parents, 0.0, 0.0
        TAPE.append(self)

    def __add__(self, other):
        return Number(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Number(self.value * other.value, ((self, other.value), (other, self.value)))


def clip(y):
    """Between 0 and 1; NaN stays NaN."""
    return 0.0 if y < 0 else 1.0 if y > 1 else y


def run_cell(cell, xs, h, valid):
    """The state after each step of one sequence, in the order in which the steps are taken."""
    name, *given = re.findall(r"\w+(?==)|[^(),=\s]+", cell.get("activation", "tanh"))
    alpha, beta, phi, slope = ACTIVATIONS[name]
    parameters = {"alpha": alpha, "beta": beta} | dict(zip(given[::2], map(float, given[1::2])))
    weights, states = list(zip(*(cell[role] for role in ("W_x", "W_h", "b", "b_h") if role in cell))), []
    for x, taken in zip(xs, valid):
        if taken:
            terms = [[*map(Number.__mul__, W_x + W_h, x + h), *biases] for W_x, W_h, *biases in weights]
            sums = [reduce(Number.__add__, unit, Number(0.0)) for unit in terms]
            ys = [phi(z.value, *parameters.values()) for z in sums]
            h = [Number(y, ((z, slope(y, *parameters.values())),)) for y, z in zip(ys, sums)]
        states.append(h)
    return states


def run_sequence(layers, xs, states, valid):
    """Outputs at each step, directions side by side; for each layer and direction the final state."""
    finals = []
    for layer, starts in zip(layers, states):
        ways = list(zip(("forward", "backward"), (1, -1), starts))
        runs = [run_cell(layer[name], xs[::way], h, valid[::way]) for name, way, h in ways]
        finals.append([run[-1] if run else h for run, h in zip(runs, starts)])
        xs = [sum(both, []) for both in zip(*(run[::way] for run, (_, way, _) in zip(runs, ways)))]
    return xs, finals


def run_batch(layers, call, states):
    """What a call gives, of numbers."""
    sequences, lasts, finals, way = [], [], [], -1 if call.get("go_backwards") else 1
    merge = MERGES.get(call.get("merge_mode"))
    for row, xs in enumerate(call["x"]):
        length = call["lengths"][row] if "lengths" in call else len(xs)
        valid = [t < length and ("mask" not in call or call["mask"][row][t]) for t in range(len(xs))]
        starts = [[direction[row] for direction in layer] for layer in states]
        outputs, final = run_sequence(layers, xs[::way], starts, valid[::way])
        *outputs, last = [
            list(map(merge, y[: len(y) // 2], y[len(y) // 2 :])) if merge else y
            for y in (*outputs, sum(final[-1], []))
        ]
        sequences, lasts, finals = [*sequences, outputs], [*lasts, last], [*finals, final]
    states = [
        [[final[n][d] for final in finals] for d in range(len(layer))] for n, layer in enumerate(layers)
    ]
    return {"sequence": sequences, "last": lasts, "final_states": states}


def each(function, tree, *others):
    """Lists and dictionaries as they are, of what a function makes of what stands at one place in all."""
    if isinstance(tree, dict):
        return {name: each(function, part, *(other[name] for other in others)) for name, part in tree.items()}
    if isinstance(tree, list):
        return [each(function, *parts) for parts in zip(tree, *others)]
    return function(tree, *others)


def result(layers, step, kept):
    """What a step gives; and the states that the layers keep."""
    TAPE.clear()
    call, stateful = step["call"], step["call"].get("stateful")
    zeros = [[[[0.0] * len(cell["W_h"])] * len(call["x"]) for cell in layer.values()] for layer in layers]
    states = call.get("initial_states") or (stateful and kept) or zeros
    inputs = {"x": call["x"], "initial_states": states, "layers": layers}
    inputs = each(lambda leaf: leaf if isinstance(leaf, str) else Number(leaf), inputs)
    output = run_batch(inputs["layers"], {**call, "x": inputs["x"]}, inputs["initial_states"])
    inputs["cells"] = [
        {role: array for role, array in cell.items() if role != "activation"}
        for layer in inputs.pop("layers")
        for cell in layer.values()
    ]
    if step["do"] == "call":
        values = each(lambda number: number.value, output)
        return values, values["final_states"] if stateful else kept
    if step["do"] == "tangents":
        each(lambda number, rate: setattr(number, "tangent", rate), inputs, step["direction"])
        for number in TAPE:
            number.tangent += sum(parent.tangent * derivative for parent, derivative in number.parents)
        return each(lambda number: number.tangent, output), kept
    cotangents = {"sequence": step["d_sequence"], "final_states": step["d_final_states"]}
    each(lambda d, number: setattr(number, "gradient", number.gradient + d), cotangents, output)
    for number in reversed(TAPE):
        for parent, derivative in number.parents:
            parent.gradient += number.gradient * derivative
    return each(lambda number: number.gradient, inputs), kept


def wrong(actual, expected, bound, place):
    """The first element that is not what is expected; "" where there is none."""
    if isinstance(expected, (dict, list)):
        if isinstance(expected, list) and len(actual) != len(expected):
            return f"{place}: expected {len(expected)} elements; got {len(actual)}"
        names = expected if isinstance(expected, dict) else range(len(expected))
        return next(
            filter(None, (wrong(actual[n], expected[n], bound[n], f"{place}.{n}") for n in names)), ""
        )
    right = bound == inf or actual == expected or abs(actual - expected) <= bound
    return (
        "" if right or (isnan(actual) and isnan(expected)) else f"{place}: {actual}, not {expected} ± {bound}"
    )


def verified(vector):
    """What is wrong; "" where nothing is; None where something is not supported."""
    layers, kept = vector["network"]["layers"], None
    for step in vector["steps"]:
        unknown = step["do"] not in STEPS or "compute_dtype" in step.get("call", ())
        if unknown or ("expected" in step and "float64" not in step["bounds"]):
            return None
    for step in vector["steps"]:
        if step["do"] in ("assign", "reset"):
            layers, kept = (step["layers"], kept) if step["do"] == "assign" else (layers, None)
        elif "expected" in step:
            found, kept = result(layers, step, kept)
            message = wrong(found, step["expected"], step["bounds"]["float64"], step["do"])
            if message:
                return message
    return ""


def read(tree):
    """The written form: "nan" and "inf" as numbers, {"shape": …} as an array without elements."""
    if isinstance(tree, dict) and "shape" in tree:
        return reduce(lambda inner, size: [inner] * size, reversed(tree["shape"]), None)
    if isinstance(tree, dict):
        return {name: read(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [read(part) for part in tree]
    return {"nan": nan, "inf": inf, "-inf": -inf}.get(tree, tree) if isinstance(tree, str) else tree


counts = {"passed": 0, "skipped": 0, "failed": 0}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for vector in read(document["vectors"]) if "chapter" in document else ():
        message = verified(vector)
        counts["skipped" if message is None else "failed" if message else "passed"] += 1
        if message:
            print(f"vector {vector['id']} ({vector['clause']}): {message}")
print(", ".join(f"{count} {came}" for came, count in counts.items()))
sys.exit(0 if counts["passed"] and not counts["failed"] else 1)
