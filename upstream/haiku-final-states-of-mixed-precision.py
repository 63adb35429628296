"""As haiku-state-of-mixed-precision, of final states that are given back.

Clause STA-2 of rnn-conformance: a sequence can be given step by step."""

import haiku as hk
import jax
import jmp
import numpy as np

x, h0 = np.float32([[[2.0]]]), np.float32([[1.25]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[2.875]]])
print("hk", hk.__version__, "\nexpected", expected.tolist())

def network(inputs, state):
    with hk.mixed_precision.push_policy(hk.VanillaRNN, jmp.get_policy("p=f32,c=bf16,o=bf16")):
        return hk.dynamic_unroll(hk.VanillaRNN(1), inputs, state)

rnn = hk.without_apply_rng(hk.transform(network))
weights = {"vanilla_rnn/linear": {"w": W_x.T, "b": b}, "vanilla_rnn/linear_1": {"w": W_h.T, "b": 0 * b}}

got = np.array(jax.jit(rnn.apply)(weights, x, h0)[0]).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.55e-02), got.tolist()
