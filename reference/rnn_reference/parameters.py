"""How many parameters a vanilla RNN has: the formulas of the spec's chapter on parameters (PAR)."""

from __future__ import annotations

from rnn_reference.errors import BadInput
from rnn_reference.network import Network


def cell_parameters(input_size: int, hidden_size: int, bias_vectors: int = 1) -> int:
    """H·(I + H + n) for one direction of one layer with n = 0, 1 or 2 bias vectors (PAR-1, PAR-2).

    Raises:
        BadInput: a size below zero, or a number of bias vectors that is not 0, 1 or 2.
    """
    if min(input_size, hidden_size) < 0:
        raise BadInput(f"sizes: expected none below zero; got input {input_size}, hidden {hidden_size}")
    if bias_vectors not in (0, 1, 2):
        raise BadInput(f"bias_vectors: expected 0, 1 or 2; got {bias_vectors}")
    return hidden_size * (input_size + hidden_size + bias_vectors)


def stack_parameters(
    input_size: int, hidden_size: int, *, num_layers: int = 1, directions: int = 1, bias_vectors: int = 1
) -> int:
    """Parameters of `num_layers` equal layers: those above the first take directions·hidden inputs (PAR-3).

    Raises:
        BadInput: as `cell_parameters`, or fewer than one layer, or directions other than 1 or 2.
    """
    if num_layers < 1:
        raise BadInput(f"num_layers: expected at least 1; got {num_layers}")
    if directions not in (1, 2):
        raise BadInput(f"directions: expected 1 or 2; got {directions}")
    first = directions * cell_parameters(input_size, hidden_size, bias_vectors)
    above = directions * cell_parameters(directions * hidden_size, hidden_size, bias_vectors)
    return first + (num_layers - 1) * above


def network_parameters(network: Network, bias_vectors: int | None = None) -> int:
    """Parameters of any network, summed over its cells.

    Args:
        bias_vectors: how many vectors a biased cell is stored with (1 or 2); None counts those it has.
            A cell without bias has none either way.
    """
    return sum(
        cell_parameters(
            cell.input_size,
            cell.hidden_size,
            len(cell.biases) if bias_vectors is None or not cell.biases else bias_vectors,
        )
        for cell in network.cells
    )
