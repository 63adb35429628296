"""An RNN in plain Python, in four types, with its derivatives: what `verify.py` holds against vectors.

Every number stands on a tape with what it was made of. Along the tape go tangents, back along it gradients.
"""

import re
from math import copysign, exp, expm1, frexp, inf, isfinite, log1p, tanh

FORMATS = {  # digits, and the exponents of the smallest normal number and the largest
    "float64": (53, -1022, 1023),
    "float32": (24, -126, 127),
    "float16": (11, -14, 15),
    "bfloat16": (8, -126, 127),
}
PARAMETERS = {  # α and β where none are given
    "elu": {"alpha": 1},
    "leaky_relu": {"alpha": 0.01},
    "hard_sigmoid": {"alpha": 0.2, "beta": 0.5},
    "affine": {"alpha": 1, "beta": 0},
    "scaled_tanh": {"alpha": 1, "beta": 1},
}
ACTIVATIONS = {  # φ(z)
    "tanh": tanh,
    "relu": lambda z: 0.0 if z < 0 else z,
    "sigmoid": lambda z: (1 + tanh(z / 2)) / 2,
    "linear": lambda z: z,
    "softsign": lambda z: z / (1 + abs(z)),
    "softplus": lambda z: max(z, 0.0) + log1p(exp(-abs(z))),
    "elu": lambda z, alpha: z if z > 0 else alpha * expm1(z),
    "leaky_relu": lambda z, alpha: z if z > 0 else alpha * z,
    "hard_sigmoid": lambda z, alpha, beta: clip(alpha * z + beta),
    "affine": lambda z, alpha, beta: alpha * z + beta,
    "scaled_tanh": lambda z, alpha, beta: alpha * tanh(beta * z),
}
SLOPES = {  # φ′ as a function of h = φ(z), and how fast that grows with h
    "tanh": lambda h: (1 - h * h, -2 * h),
    "relu": lambda h: (float(h > 0), 0.0),
    "sigmoid": lambda h: (h * (1 - h), 1 - 2 * h),
    "linear": lambda h: (1.0, 0.0),
    "softsign": lambda h: ((1 - abs(h)) * (1 - abs(h)), copysign(2, h) * (abs(h) - 1)),
    "softplus": lambda h: (-expm1(-h), exp(-h)),
    "elu": lambda h, alpha: (1.0, 0.0) if h > 0 else (h + alpha, 1.0),
    "leaky_relu": lambda h, alpha: (1.0 if h > 0 else alpha, 0.0),
    "hard_sigmoid": lambda h, alpha, beta: (alpha if 0 < h < 1 else 0.0, 0.0),
    "affine": lambda h, alpha, beta: (alpha, 0.0),
    "scaled_tanh": lambda h, alpha, beta: (beta * (alpha - h * h / alpha), -2 * beta * h / alpha),
}
MERGES = {
    "sum": lambda f, b: f + b,
    "mul": lambda f, b: f * b,
    "ave": lambda f, b: (f + b) * Number(f.tape, 0.5),
}
ROLES = ("W_x", "W_h", "b", "b_h")
FIELDS = {
    *("x", "initial_states", "lengths", "mask", "return_sequences", "go_backwards", "merge_mode"),
    *("stateful", "training", "dropout", "rate", "compute_dtype"),
}


def clip(y):
    """Between 0 and 1; NaN stays NaN."""
    return 0.0 if y < 0 else 1.0 if y > 1 else y


def rounded(value, dtype):
    """The nearest number of a type; of two, the one whose last digit is even."""
    digits, smallest, largest = FORMATS[dtype]
    if dtype == "float64" or value == 0 or not isfinite(value):
        return value
    unit = 2.0 ** (max(frexp(value)[1] - 1, smallest) + 1 - digits)
    nearest = round(value / unit) * unit
    return nearest if abs(nearest) < 2.0 ** (largest + 1) else copysign(inf, value)


class Tape:
    """All numbers in the order in which they were made, and the type that they are rounded to."""

    def __init__(self, dtype):
        self.dtype, self.numbers = dtype, []

    def hand_back(self):
        """Every gradient to what its number was made of, from the last number to the first."""
        for number in reversed(self.numbers):
            number.gradient = rounded(number.gradient, self.dtype)
            number.gradient_tangent = rounded(number.gradient_tangent, self.dtype)
            for parent, derivative, tangent in number.parents:
                parent.gradient += number.gradient * derivative
                parent.gradient_tangent += number.gradient_tangent * derivative + number.gradient * tangent


class Number:
    """A number, and what it was made of: others, each with the derivative by it, and that one's tangent."""

    def __init__(self, tape, value, parents=(), tangent=0.0):
        self.tape, self.parents = tape, parents
        self.value = rounded(value, tape.dtype)
        handed = sum(parent.tangent * derivative for parent, derivative, _ in parents)
        self.tangent = rounded(tangent + handed, tape.dtype)
        self.gradient = self.gradient_tangent = 0.0
        tape.numbers.append(self)

    def __add__(self, other):
        return total([self, other], [])

    def __mul__(self, other):
        return total([], [(self, other)])

    def receive(self, gradient):
        """More of the gradient by this number."""
        self.gradient += gradient


def total(terms, products):
    """The sum of numbers and of products of two, rounded once."""
    value = sum(one.value * other.value for one, other in products) + sum(term.value for term in terms)
    parents = [(term, 1.0, 0.0) for term in terms]
    for one, other in products:
        parents += (one, other.value, other.tangent), (other, one.value, one.tangent)
    return Number(parents[0][0].tape, value, parents)


def activated(z, text):
    """φ(z), of a text such as "elu(alpha=0.5)"."""
    name, *given = re.findall(r"\w+(?==)|[^(),=\s]+", text)
    parameters = PARAMETERS.get(name, {}) | dict(zip(given[::2], map(float, given[1::2])))
    h = rounded(ACTIVATIONS[name](z.value, **parameters), z.tape.dtype)
    slope, growth = SLOPES[name](h, **parameters)
    return Number(z.tape, h, [(z, slope, growth * slope * z.tangent)])


def run_cell(cell, activation, xs, h, valid):
    """The state after each step of one sequence, in the order in which the steps are taken."""
    units, states = list(zip(*(cell[role] for role in ROLES if role in cell))), []
    for x, taken in zip(xs, valid):
        if taken:
            sums = [total(biases, list(zip(W_x + W_h, x + h))) for W_x, W_h, *biases in units]
            h = [activated(z, activation) for z in sums]
        states.append(h)
    return states


def run_sequence(layers, xs, states, valid):
    """Outputs at each step, directions side by side; for each layer and direction the final state."""
    finals = []
    for layer, starts in zip(layers, states):
        ways = list(zip(layer, (1, -1), starts))
        runs = [run_cell(*cell, xs[::way], h, valid[::way]) for cell, way, h in ways]
        finals.append([run[-1] if run else h for run, h in zip(runs, starts)])
        xs = [sum(both, []) for both in zip(*(run[::way] for run, (_, way, _) in zip(runs, ways)))]
    return xs, finals


def run_batch(layers, call, xs, states):
    """What a call gives of an input and initial states; a layer is its cells, each with its activation."""
    sequences, lasts, finals, way = [], [], [], -1 if call.get("go_backwards") else 1
    merge = MERGES.get(call.get("merge_mode"))
    for row, steps in enumerate(xs):
        length = call["lengths"][row] if "lengths" in call else len(steps)
        valid = [t < length and ("mask" not in call or call["mask"][row][t]) for t in range(len(steps))]
        starts = [[direction[row] for direction in layer] for layer in states]
        outputs, final = run_sequence(layers, steps[::way], starts, valid[::way])
        *outputs, last = [
            list(map(merge, y[: len(y) // 2], y[len(y) // 2 :])) if merge else y
            for y in (*outputs, sum(final[-1], []))
        ]
        sequences, lasts, finals = [*sequences, outputs], [*lasts, last], [*finals, final]
    places = [[(n, d) for d in range(len(layer))] for n, layer in enumerate(layers)]
    states = [[[final[n][d] for final in finals] for n, d in layer] for layer in places]
    return {"sequence": sequences, "last": lasts, "final_states": states}


def each(function, tree, *others):
    """Lists and dictionaries as they are, of what a function makes of what stands at one place in all."""
    if isinstance(tree, dict):
        return {name: each(function, part, *(other[name] for other in others)) for name, part in tree.items()}
    if isinstance(tree, list):
        return [each(function, *parts) for parts in zip(tree, *others)]
    return function(tree, *others)


class Network:
    """Layers in a type, and the states that they keep.

    Raises NotImplementedError where something is not supported; a call that it refused would be a ValueError.
    """

    def __init__(self, layers, dtype):
        if dtype not in FORMATS:
            raise NotImplementedError(dtype)
        self.layers, self.dtype, self.kept = layers, dtype, None

    def do(self, step):
        """What a step gives; None where it gives nothing."""
        match step["do"]:
            case "assign":
                self.layers, given = step["layers"], None
            case "reset":
                self.kept = given = None
            case "restore":  # the weights are what they were, and states are given or forgotten next
                given = None
            case "call":
                given = self.called(step["call"])
            case "tangents":
                _, _, output = self.run(step["call"], step["direction"])
                given = each(lambda number: number.tangent, output)
            case "gradients":
                given = each(lambda number: number.gradient, self.pulled_back(**step))
            case "second_gradients":
                given = each(lambda number: number.gradient_tangent, self.pulled_back(**step))
            case "train":
                given = {"cells": self.trained(step["call"], **step["training"])}
            case unknown:
                raise NotImplementedError(unknown)
        return given

    def called(self, call):
        """The outputs of a call, of which layers that are stateful keep the final states."""
        _, _, output = self.run(call)
        values = each(lambda number: number.value, output)
        if call.get("stateful"):
            self.kept = values["final_states"]
        return values

    def run(self, call, direction=None):
        """The tape of a call, its inputs, whose tangents are the direction, and its outputs."""
        if call.keys() - FIELDS:
            raise NotImplementedError(", ".join(call.keys() - FIELDS))
        tape = Tape(call.get("compute_dtype", self.dtype))
        cells = [list(layer.values()) for layer in self.layers]  # forward, backward
        zeros = [[[[0.0] * len(cell["W_h"])] * len(call["x"]) for cell in layer] for layer in cells]
        given = {
            "x": call["x"],
            "initial_states": call.get("initial_states") or (call.get("stateful") and self.kept) or zeros,
            "cells": [{role: cell[role] for role in ROLES if role in cell} for cell in sum(cells, [])],
        }
        direction = direction or each(lambda value: 0.0, given)
        inputs = each(lambda value, tangent: Number(tape, value, tangent=tangent), given, direction)
        left = iter(inputs["cells"])
        layers = [[(next(left), cell.get("activation", "tanh")) for cell in layer] for layer in cells]
        return tape, inputs, run_batch(layers, call, inputs["x"], inputs["initial_states"])

    def pulled_back(self, call, d_sequence, d_final_states=(), direction=None, **others):
        """The inputs of a call, with the gradients by them that these cotangents make."""
        tape, inputs, output = self.run(call, direction)
        each(lambda d, number: number.receive(d), d_sequence, output["sequence"])
        each(lambda d, number: number.receive(d), list(d_final_states), output["final_states"])
        tape.hand_back()
        return inputs

    def trained(self, call, d_sequence, rate, frozen=()):
        """The weights after one step of gradient descent; layers that are frozen keep theirs."""
        rates = [0.0 if n in frozen else rate for n, layer in enumerate(self.layers) for _ in layer]
        cells = self.pulled_back(call, d_sequence)["cells"]
        return [
            each(lambda w, rate=rate: rounded(w.value - rate * w.gradient, self.dtype), cell)
            for rate, cell in zip(rates, cells)
        ]
