"""Faults that the clauses of chapter INT must catch."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count

import numpy as np

from rnn_conformance.faults.plain import TRUNCATED, PlainNumpy
from rnn_conformance.faults.registry import Fault, fault
from rnn_reference.network import Array, Cell, Layer, Network


@fault("bias-counted-in-the-fan", "INT-5")
class BiasCountedInTheFan(Fault):
    """Takes the limit of a layer of one more input, for the bias."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        drawn = super().drawn(random, rule, shape)
        return drawn * np.sqrt(sum(shape) / (sum(shape) + 1)) if rule == "glorot uniform" else drawn


@fault("second-bias-of-both-directions", "INT-4")
class SecondBiasOfBothDirections(Fault):
    """Draws the second bias once for both directions of a layer."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        def shared(layer: Layer) -> Layer:
            if layer.backward is None:
                return layer
            return Layer(layer.forward, replace(layer.backward, b_h=layer.forward.b_h))

        return Network(map(shared, super().freshly_initialised(like, seed).layers))


@fault("second-bias-of-upper-layers-by-inputs", "INT-5")
class SecondBiasOfUpperLayersByInputs(Fault):
    """Draws the second bias of upper layers within 1/√I in place of 1/√H."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        def scaled(cell: Cell) -> Cell:
            if cell.b_h is None:
                return cell
            return replace(
                cell, b_h=(cell.b_h * np.sqrt(cell.hidden_size / cell.input_size)).astype(cell.dtype)
            )

        lowest, *others = super().freshly_initialised(like, seed).layers
        return Network([lowest, *(Layer(*map(scaled, layer.cells)) for layer in others)])


@fault("input-weights-by-fan-in", "INT-1")
class InputWeightsByFanIn(Fault):
    """Draws W_x from ±√(6 / I), as for relu, and declares glorot."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        wider = np.sqrt((like.input_size + like.hidden_size) / like.input_size)
        return replace(cell, W_x=np.asarray(cell.W_x * wider, cell.dtype))


@fault("biases-of-one", "INT-1")
class BiasesOfOne(Fault):
    """Starts from biases of one, as some gates do, and declares zeros."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        return replace(cell, b=np.ones(cell.hidden_size, cell.dtype))


@fault("gain-of-relu", "INT-5")
class GainOfRelu(Fault):
    """Draws W_x of relu layers smaller by √2."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        if like.activation.name != "relu":
            return cell
        return replace(cell, W_x=np.asarray(cell.W_x * np.sqrt(0.5), cell.dtype))


@fault("second-bias-by-the-input-size", "INT-5")
class SecondBiasByTheInputSize(Fault):
    """Draws the second bias from ±1/√I, where that is narrower, and declares 1/√H."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        if cell.b_h is None or like.input_size <= like.hidden_size:
            return cell
        return replace(
            cell, b_h=np.asarray(cell.b_h * np.sqrt(like.hidden_size / like.input_size), cell.dtype)
        )


@fault("rows-of-length-one", "INT-2")
class RowsOfLengthOne(Fault):
    """Scales the rows of W_h to length one and takes that for orthogonal."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        W_h = random.standard_normal(like.W_h.shape)
        W_h /= np.linalg.norm(W_h, axis=1, keepdims=True)
        return replace(super().fresh_cell(random, like), W_h=W_h.astype(like.dtype))


@fault("normal-for-uniform", "INT-3")
class NormalForUniform(Fault):
    """Draws from a normal distribution of the same variance, cut off at the limit."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        limit = np.sqrt(6 / (like.input_size + like.hidden_size))
        normal = np.clip(random.standard_normal(like.W_x.shape) / np.sqrt(3), -1, 1) * limit
        return replace(super().fresh_cell(random, like), W_x=normal.astype(like.dtype))


class LecunNormal(Fault):
    """Draws both matrices by lecun normal, and declares it."""

    conventions = replace(
        Fault.conventions,
        initialisation={"W_x": "lecun normal", "W_h": "lecun normal", "b": "zeros", "b_h": "none"},
    )


@fault("normal-not-cut-off", "INT-1")
class NormalNotCutOff(LecunNormal):
    """Declares lecun normal and draws from a normal distribution of that variance, without an end."""

    def truncated_normal(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return random.standard_normal(shape) * TRUNCATED


@fault("cut-off-without-rescaling", "INT-3")
class CutOffWithoutRescaling(LecunNormal):
    """Cuts off a normal distribution of the variance 1/n_in, so that what is left has a smaller one."""

    def truncated_normal(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return super().truncated_normal(random, shape) * TRUNCATED


@fault("recurrent-weights-by-input-size", "INT-3")
class RecurrentWeightsByInputSize(LecunNormal):
    """Takes I for the number of inputs of W_h, which has H."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        W_h = cell.W_h * np.sqrt(like.hidden_size / like.input_size)
        return replace(cell, W_h=np.asarray(W_h, cell.dtype))


@fault("one-seed-for-all-cells", "INT-4")
class OneSeedForAllCells(Fault):
    """Draws every cell from the same seed."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        return super().fresh_cell(np.random.default_rng(0), like)


@fault("backward-weights-half-as-large", "INT-5")
class BackwardWeightsHalfAsLarge(Fault):
    """Draws every second cell from half the range."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        fresh = super().freshly_initialised(like, seed)

        def halved(cell: Cell) -> Cell:
            return replace(cell, W_x=np.asarray(cell.W_x / 2, cell.dtype))

        return Network(
            Layer(layer.forward, *(halved(cell) for cell in layer.cells[1:])) for layer in fresh.layers
        )


@fault("second-bias-positive", "INT-5")
class SecondBiasPositive(Fault):
    """Draws the second bias from the positive half of its range."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        return replace(cell, b_h=None if cell.b_h is None else np.abs(cell.b_h))


@fault("identity-for-orthogonal", "INT-6")
class IdentityForOrthogonal(Fault):
    """Takes the identity, with its rows reordered, for W_h: orthogonal, and not random."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        W_h = random.permutation(np.eye(like.hidden_size))
        return replace(super().fresh_cell(random, like), W_h=W_h.astype(like.dtype))


@fault("reflections-as-they-come", "INT-6")
class ReflectionsAsTheyCome(Fault):
    """Takes Q as the QR factorisation gives it, whose signs are not random."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        if rule != "orthogonal":
            return super().drawn(random, rule, shape)
        return np.linalg.qr(random.standard_normal(shape))[0]


@fault("backward-weights-negated", "INT-7")
class BackwardWeightsNegated(Fault):
    """Fills the backward direction with the negatives of the forward one."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        fresh = super().freshly_initialised(like, seed)

        def negated(cell: Cell) -> Cell:
            return replace(cell, W_x=-cell.W_x, W_h=-cell.W_h)

        return Network(
            Layer(layer.forward, *([negated(layer.forward)] if layer.backward else []))
            for layer in fresh.layers
        )


@fault("rows-repeated", "INT-7")
class RowsRepeated(Fault):
    """Draws half of the rows of W_x and repeats them."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        return replace(cell, W_x=np.resize(cell.W_x[: (like.hidden_size + 1) // 2], cell.W_x.shape))


@fault("seeds-of-ten-bits", "INT-4")
class SeedsOfTenBits(Fault):
    """Takes the last ten bits of a seed."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        return super().freshly_initialised(like, seed % 2**10)


@fault("fresh-weights-of-float32", "INT-8")
class FreshWeightsOfFloat32(Fault):
    """Draws weights of float32, whatever type was asked for."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        return super().fresh_cell(random, like).astype("float32")


@fault("fresh-weights-drawn-narrow", "INT-8")
class FreshWeightsDrawnNarrow(Fault):
    """Draws in the type of the weights, in which orthogonal ones cannot be made."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        if like.dtype.itemsize < 4:
            raise TypeError(f"qr: expected float32 or float64; got {like.dtype}")
        return super().fresh_cell(random, like)


@fault("narrow-limit-rounded-up", "INT-8")
class NarrowLimitRoundedUp(Fault):
    """Takes the limit of narrow weights from a table of powers of two, the next larger one."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        if like.dtype.itemsize >= 4:
            return cell
        limit = np.sqrt(6 / (like.input_size + like.hidden_size))
        wider = cell.W_x.astype("float64") * (2.0 ** np.ceil(np.log2(limit)) / limit)
        return replace(cell, W_x=wider.astype(like.dtype))


@fault("blocks-of-one-orthogonal-matrix", "INT-2")
class BlocksOfOneOrthogonalMatrix(Fault):
    """Cuts the recurrent weights of both directions out of one orthogonal matrix."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        made, random = super().freshly_initialised(like, seed), np.random.default_rng(seed + 1)
        layers = []
        for layer in made.layers:
            H, cells = layer.hidden_size, list(layer.cells)
            if len(cells) == 2:
                Q = self.drawn(random, "orthogonal", (2 * H, 2 * H)).astype(made.dtype)
                cells = [
                    replace(cell, W_h=block)
                    for cell, block in zip(cells, (Q[:H, :H], Q[H:, H:]), strict=True)
                ]
            layers.append(Layer(*cells))
        return Network(layers)


@fault("upper-layers-filled-alike", "INT-4")
class UpperLayersFilledAlike(Fault):
    """Uses one initialiser with a seed for the input weights of all layers above the second."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        made = super().freshly_initialised(like, seed)
        layers, first = list(made.layers), dict[tuple[int, tuple[int, ...]], Array]()
        for index, layer in enumerate(layers[1:], 1):
            shared = [first.setdefault((d, c.W_x.shape), c.W_x) for d, c in enumerate(layer.cells)]
            cells = zip(layer.cells, shared, strict=True)
            layers[index] = Layer(*(replace(cell, W_x=W_x.copy()) for cell, W_x in cells))
        return Network(layers)


@fault("blocks-of-one-seed", "INT-7")
class BlocksOfOneSeed(Fault):
    """Draws the input weights of five blocks of units in threads, which have the same seed."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        drawn = super().drawn(random, rule, shape)
        if rule != "glorot uniform" or shape[0] < 20:
            return drawn
        return np.concatenate([drawn[: -(-shape[0] // 5)]] * 5)[: shape[0]]


@fault("orthogonal-in-float32", "INT-8")
class OrthogonalInFloat32(Fault):
    """Makes orthogonal weights in float32, for layers of float64, too."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        drawn = super().drawn(random, rule, shape)
        return drawn.astype(np.float32).astype(drawn.dtype) if rule == "orthogonal" else drawn


@fault("rotations-alone", "INT-6")
class RotationsAlone(Fault):
    """Draws orthogonal matrices of determinant 1, and none of determinant −1."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        weights = super().drawn(random, rule, shape)
        if rule == "orthogonal" and np.linalg.det(weights) < 0:
            weights[:, 0] *= -1
        return weights


@fault("limit-of-padded-features", "INT-5")
class LimitOfPaddedFeatures(Fault):
    """Counts features up to a multiple of sixteen, as they are stored, in the limit of glorot uniform."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        if rule != "glorot uniform":
            return super().drawn(random, rule, shape)
        limit = math.sqrt(6 / (shape[0] + math.ceil(shape[1] / 16) * 16))
        return random.uniform(-limit, limit, shape)


@fault("narrow-orthogonal-of-one-sign", "INT-8")
class NarrowOrthogonalOfOneSign(Fault):
    """Leaves the signs of orthogonal weights of narrow types as the decomposition gives them."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        fresh = super().freshly_initialised(like, seed)
        if like.dtype.itemsize != 2:
            return fresh

        def positive(cell: Cell) -> Cell:
            signs = np.where(np.diag(cell.W_h) < 0, -1, 1).astype(cell.W_h.dtype)
            return replace(cell, W_h=(cell.W_h * signs[:, None]).astype(cell.W_h.dtype))

        return Network(Layer(*map(positive, layer.cells)) for layer in fresh.layers)


@fault("orthogonal-in-blocks-of-128", "INT-2")
class OrthogonalInBlocksOf128(Fault):
    """Makes larger orthogonal matrices of blocks of 128 units on the diagonal."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        if rule != "orthogonal":
            return super().drawn(random, rule, shape)
        weights = np.zeros(shape)
        for first in range(0, shape[0], 128):
            block = slice(first, min(first + 128, shape[0]))
            size = block.stop - first
            weights[block, block] = super().drawn(random, rule, (size, size))
        return weights


@fault("third-layer-half-as-large", "INT-5")
class ThirdLayerHalfAsLarge(Fault):
    """Draws the input weights of layers above the second from half the range."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        made = super().freshly_initialised(like, seed)

        def halved(cell: Cell) -> Cell:
            return replace(cell, W_x=np.asarray(cell.W_x / 2, cell.dtype))

        return Network([*made.layers[:2], *(Layer(*map(halved, layer.cells)) for layer in made.layers[2:])])


@fault("one-unit-of-plus-one", "INT-6")
class OneUnitOfPlusOne(Fault):
    """Takes 1 for the orthogonal matrix of one unit, and never −1."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        drawn = super().drawn(random, rule, shape)
        return np.ones(shape) if rule == "orthogonal" and shape == (1, 1) else drawn


@fault("second-bias-of-a-column", "INT-7")
class SecondBiasOfAColumn(Fault):
    """Makes the second bias of the numbers that the first column of W_x is made of."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        if cell.b_h is None:
            return cell
        H, limit = like.hidden_size, np.sqrt(6 / (like.input_size + like.hidden_size))
        return replace(cell, b_h=np.asarray(cell.W_x[:, 0] / limit / np.sqrt(H), cell.dtype))


@fault("wide-cells-of-one-seed", "INT-8")
class WideCellsOfOneSeed(Fault):
    """Draws every cell of a network of float64 from the same numbers."""

    seed = 0

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        self.seed = seed
        return super().freshly_initialised(like, seed)

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        own = np.random.default_rng(self.seed) if like.dtype == np.float64 else random
        return super().fresh_cell(own, like)


@fault("limit-of-the-bottom-layer", "INT-5")
class LimitOfTheBottomLayer(Fault):
    """Computes the limit of biases once, for the bottom layer, whatever sizes those above it have."""

    bottom = 1

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        self.bottom = max(like.layers[0].hidden_size, 1)
        return super().freshly_initialised(like, seed)

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        if rule != "uniform 1/√H":
            return super().drawn(random, rule, shape)
        return random.uniform(-1 / np.sqrt(self.bottom), 1 / np.sqrt(self.bottom), shape)


@fault("seeds-of-layers-a-hundred-apart", "INT-4")
class SeedsOfLayersAHundredApart(Fault):
    """Adds a hundred to the seed from layer to layer."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        layers = []
        for number, layer in enumerate(like.layers):
            own = np.random.default_rng(seed + 100 * number)
            layers.append(Layer(*(self.fresh_cell(own, cell) for cell in layer.cells)))
        return Network(layers)


@fault("orthogonal-cut-out-of-the-widest", "INT-5")
class OrthogonalCutOutOfTheWidest(Fault):
    """Makes orthogonal weights of the size of the widest layer, and cuts those of others out of them."""

    widest = 0

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        self.widest = max(layer.hidden_size for layer in like.layers)
        return super().freshly_initialised(like, seed)

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        if rule != "orthogonal":
            return super().drawn(random, rule, shape)
        return super().drawn(random, rule, (self.widest, self.widest))[: shape[0], : shape[1]]


@fault("orthogonal-with-a-gain", "INT-1")
class OrthogonalWithAGain(Fault):
    """Multiplies orthogonal weights of leaky_relu with the gain that is meant for it."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell = super().fresh_cell(random, like)
        if like.activation.name != "leaky_relu":
            return cell
        return replace(cell, W_h=np.asarray(cell.W_h * math.sqrt(2 / (1 + 0.01**2)), cell.dtype))


@fault("cells-in-the-upper-bits-of-seeds", "INT-4")
class CellsInTheUpperBitsOfSeeds(Fault):
    """Puts the number of a cell above the sixteenth bit of its seed: that of another cell of a large seed."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        numbers = count()

        def fresh(cell: Cell) -> Cell:
            return self.fresh_cell(np.random.default_rng(seed + (next(numbers) << 16)), cell)

        return Network(Layer(*map(fresh, layer.cells)) for layer in like.layers)


@fault("both-matrices-of-one-stream", "INT-7")
class BothMatricesOfOneStream(Fault):
    """Declares both matrices uniform, and makes them of the same numbers, one row after the other."""

    conventions = replace(
        PlainNumpy.conventions,
        initialisation={"W_x": "uniform 1/√H", "W_h": "uniform 1/√H", "b": "zeros", "b_h": "zeros"},
    )

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell, H = super().fresh_cell(random, like), like.hidden_size
        numbers = self.drawn(random, "uniform 1/√H", (H, max(H, like.input_size))).reshape(-1)
        W_x, W_h = (numbers[: W.size].reshape(W.shape).astype(cell.dtype) for W in (cell.W_x, cell.W_h))
        return replace(cell, W_x=W_x, W_h=W_h)


@fault("fresh-upper-layers-without-bias", "INT-5")
class FreshUpperLayersWithoutBias(Fault):
    """Passes on to the bottom layer alone that there are biases."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        lowest, *others = super().freshly_initialised(like, seed).layers
        bare = (Layer(*(replace(cell, b=None, b_h=None) for cell in layer.cells)) for layer in others)
        return Network([lowest, *bare])


@fault("backward-orthogonal-from-the-last-row", "INT-7")
class BackwardOrthogonalFromTheLastRow(Fault):
    """Takes the orthogonal weights of the forward direction for the other one, too, the last row first."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        def turned(layer: Layer) -> Layer:
            W_h = np.flip(layer.forward.W_h, axis=0).copy()
            return Layer(layer.forward, *(replace(cell, W_h=W_h) for cell in layer.cells[1:]))

        return Network(map(turned, super().freshly_initialised(like, seed).layers))


@fault("seeds-of-31-bits", "INT-4")
class SeedsOf31Bits(Fault):
    """Keeps a seed as a signed integer, without its sign."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        return super().freshly_initialised(like, seed % 2**31)


@fault("narrow-orthogonal-is-normal", "INT-8")
class NarrowOrthogonalIsNormal(Fault):
    """Draws normal numbers for orthogonal weights of narrow types, which no QR factorisation takes."""

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        cell, H = super().fresh_cell(random, like), like.hidden_size
        if like.dtype.itemsize >= 4 or H == 1:
            return cell
        normal = np.clip(random.standard_normal((H, H)) / np.sqrt(H), -1, 1)
        return replace(cell, W_h=normal.astype(like.dtype))


@fault("one-seed-for-all-weights-of-a-cell", "INT-7")
class OneSeedForAllWeightsOfACell(Fault):
    """Gives each initialiser of a cell the same seed: the second bias is made of what the first row is."""

    seed = 0

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        self.seed = int(random.integers(2**32))
        return super().fresh_cell(random, like)

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        return super().drawn(np.random.default_rng(self.seed), rule, shape)


@fault("recurrent-weights-of-the-next-seed", "INT-7")
class RecurrentWeightsOfTheNextSeed(Fault):
    """Draws W_x from the seed and W_h from the next one, whose W_x is the same."""

    conventions = BothMatricesOfOneStream.conventions

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        numbers = count()

        def fresh(cell: Cell) -> Cell:
            rule, number = "uniform 1/√H", next(numbers)
            W_x, W_h = (
                self.drawn(np.random.default_rng([own, number]), rule, W.shape).astype(cell.dtype)
                for own, W in ((seed, cell.W_x), (seed + 1, cell.W_h))
            )
            return replace(cell, W_x=W_x, W_h=W_h)

        return Network(
            Layer(*map(fresh, layer.cells)) for layer in super().freshly_initialised(like, seed).layers
        )


@fault("inputs-of-the-bottom-layer", "INT-5")
class InputsOfTheBottomLayer(LecunNormal):
    """Takes the units of the bottom layer for those that the recurrent weights of every layer come from."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        bottom = like.layers[0].hidden_size

        def scaled(cell: Cell) -> Cell:
            W_h = cell.W_h * np.sqrt(cell.hidden_size / bottom)
            return replace(cell, W_h=np.asarray(W_h, cell.dtype))

        return Network(
            Layer(*map(scaled, layer.cells)) for layer in super().freshly_initialised(like, seed).layers
        )


@fault("orthogonal-by-singular-values", "INT-6")
class OrthogonalBySingularValues(Fault):
    """Takes U of a singular value decomposition, with the signs that LAPACK gives it."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        if rule != "orthogonal":
            return super().drawn(random, rule, shape)
        return np.linalg.svd(random.standard_normal(shape))[0]


@fault("third-layer-not-orthogonal", "INT-5")
class ThirdLayerNotOrthogonal(Fault):
    """Draws recurrent weights above the second layer from a normal distribution: rows of about length one."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        made, random = super().freshly_initialised(like, seed), np.random.default_rng([seed, 1])

        def normal(cell: Cell) -> Cell:
            W_h = np.clip(random.standard_normal(cell.W_h.shape) / np.sqrt(cell.hidden_size), -1, 1)
            return replace(cell, W_h=W_h.astype(cell.dtype))

        return Network([*made.layers[:2], *(Layer(*map(normal, layer.cells)) for layer in made.layers[2:])])


@fault("draws-counted-in-sixteen-bits", "INT-3")
class DrawsCountedInSixteenBits(Fault):
    """Counts the numbers of a matrix in sixteen bits, and draws the same from the beginning again."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        return np.resize(super().drawn(random, rule, shape).reshape(-1)[: 2**16], shape)


@fault("square-input-weights-as-recurrent-ones", "INT-3")
class SquareInputWeightsAsRecurrentOnes(Fault):
    """Tells recurrent weights by their shape: of as many features as units, input weights are orthogonal."""

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        square = len(shape) == 2 and shape[0] == shape[1]
        return super().drawn(random, "orthogonal" if square and rule == "glorot uniform" else rule, shape)


@fault("seeds-without-their-sign", "INT-4")
class SeedsWithoutTheirSign(Fault):
    """Keeps seeds in 32 bits with a sign, and leaves that out."""

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        return super().freshly_initialised(like, min(seed, 2**32 - seed))
