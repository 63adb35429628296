"""Under a policy of mixed precision, initial states of float32 are refused by a TypeError.

Clause DTY-7 of rnn-conformance: mixed precision computes as a network of that type."""

import haiku as hk
import jax
import jmp
import numpy as np

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[1.5]]])
print("hk", hk.__version__, "\nexpected", expected.tolist())

def network(inputs, state):
    with hk.mixed_precision.push_policy(hk.VanillaRNN, jmp.get_policy("p=f32,c=bf16,o=bf16")):
        return hk.dynamic_unroll(hk.VanillaRNN(1), inputs, state)

rnn = hk.without_apply_rng(hk.transform(network))
weights = {"vanilla_rnn/linear": {"w": W_x.T, "b": b}, "vanilla_rnn/linear_1": {"w": W_h.T, "b": 0 * b}}

got = np.array(jax.jit(rnn.apply)(weights, x, h0)[0]).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=2.38e-02), got.tolist()
