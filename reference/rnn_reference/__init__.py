"""The ground truth of `rnn-conformance`: a vanilla (Elman) RNN in NumPy, and how exact it has to be.

network.py     Cell, Layer, Network: the weights
forward.py     the recurrence
gradients.py   backpropagation through time; second_gradients.py: double backward; tangents.py: JVP
activations.py φ
bounds.py      rounding-error bounds; jacobian_bounds.py: sharper ones; gradient_bounds.py: of gradients
parameters.py  parameter counts
quantised.py   products of rounded factors
training.py    steps of plain gradient descent, with bounds
"""

from rnn_reference.activations import Activation
from rnn_reference.bounds import Bounded, BoundedResult, bound_network, replay_layer
from rnn_reference.errors import BadInput
from rnn_reference.forward import Result, merge_directions, run_network, step
from rnn_reference.gradient_bounds import BoundedGradients, bound_gradients
from rnn_reference.gradients import CellGradients, Gradients, backpropagate
from rnn_reference.jacobian_bounds import sharp_bound_cell
from rnn_reference.network import Cell, Layer, Network, steps_of_lengths
from rnn_reference.parameters import cell_parameters, network_parameters, stack_parameters
from rnn_reference.quantised import Quantised
from rnn_reference.second_gradients import second_gradients
from rnn_reference.tangents import bound_tangents
from rnn_reference.training import bound_loss, gradient_descent

__all__ = [
    "Activation",
    "BadInput",
    "Bounded",
    "BoundedGradients",
    "BoundedResult",
    "Cell",
    "CellGradients",
    "Gradients",
    "Layer",
    "Network",
    "Quantised",
    "Result",
    "backpropagate",
    "bound_gradients",
    "bound_loss",
    "bound_network",
    "bound_tangents",
    "cell_parameters",
    "gradient_descent",
    "merge_directions",
    "network_parameters",
    "replay_layer",
    "run_network",
    "second_gradients",
    "sharp_bound_cell",
    "stack_parameters",
    "step",
    "steps_of_lengths",
]
