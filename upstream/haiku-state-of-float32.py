"""Where no states are given, a core of narrow weights and input computes and returns float32.

Clause DTY-1 of rnn-conformance: what is returned has the type of the network."""

import haiku as hk
import jax
import numpy as np

x, W_x, W_h, b = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

def network(inputs):
    core = hk.VanillaRNN(1)
    return hk.dynamic_unroll(core, inputs, core.initial_state(inputs.shape[1]))

rnn = hk.without_apply_rng(hk.transform(network))
weights = {
    "vanilla_rnn/linear": {"w": W_x.T.astype("bfloat16"), "b": b.astype("bfloat16")},
    "vanilla_rnn/linear_1": {"w": W_h.T.astype("bfloat16"), "b": 0 * b.astype("bfloat16")},
}

got = np.array(jax.jit(rnn.apply)(weights, x.astype("bfloat16"))[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.maximum(x[:, 0].astype("float64") @ W_x.T + b, 0)[:, None]
print("hk", hk.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "bfloat16", f"expected bfloat16; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.98e-02)
