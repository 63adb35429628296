"""As haiku-state-of-mixed-precision, in clauses that ask each case of a narrow type in mixed precision, too.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import haiku as hk
import jax
import jmp
import numpy as np

x = np.array([[[1.0, -1.0]]], "float32")
h0 = np.array([[0.5, -0.5]], "float32")
W_x = np.array([[1.0, 0.5], [0.25, 1.0]], "float32")
W_h = np.array([[0.5, 0.25], [1.0, 0.5]], "float32")
b = np.array([0.25, 0.5], "float32")

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("hk", hk.__version__)
print("expected", expected.tolist())

def network(x, state):
    with hk.mixed_precision.push_policy(hk.VanillaRNN, jmp.get_policy("params=float32,compute=bfloat16,output=bfloat16")):
        core = hk.VanillaRNN(2)
        return hk.dynamic_unroll(core, x, state)

rnn = hk.without_apply_rng(hk.transform(network))
weights = {"vanilla_rnn/linear": {"w": W_x.T, "b": b}, "vanilla_rnn/linear_1": {"w": W_h.T, "b": 0 * b}}

y, state = jax.jit(rnn.apply)(weights, x.swapaxes(0, 1), h0)
got = np.array(y).swapaxes(0, 1).astype("float32")
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 1.79e-02)
close = np.allclose(got, expected, rtol=0, atol=1.79e-02, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
