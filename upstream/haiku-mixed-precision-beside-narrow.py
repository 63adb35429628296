"""As haiku-state-of-mixed-precision, in clauses that ask each case of a narrow type in mixed precision, too.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import haiku as hk
import jax
import jmp
import numpy as np

x, h0, W_x = np.float32([[[1.0, -1.0]]]), np.float32([[0.5, -0.5]]), np.float32([[1.0, 0.5], [0.25, 1.0]])
W_h, b = np.float32([[0.5, 0.25], [1.0, 0.5]]), np.float32([0.25, 0.5])

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("hk", hk.__version__, "\nexpected", expected.tolist())

def network(inputs, state):
    with hk.mixed_precision.push_policy(hk.VanillaRNN, jmp.get_policy("p=f32,c=bf16,o=bf16")):
        return hk.dynamic_unroll(hk.VanillaRNN(2), inputs, state)

rnn = hk.without_apply_rng(hk.transform(network))
weights = {"vanilla_rnn/linear": {"w": W_x.T, "b": b}, "vanilla_rnn/linear_1": {"w": W_h.T, "b": 0 * b}}

got = np.array(jax.jit(rnn.apply)(weights, x, h0)[0]).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.79e-02), got.tolist()
