"""Double backward and JVP of softsign raise LookupError: gradient registry has no entry for SoftsignGrad.

Clause GRD-16 of rnn-conformance: gradients of gradients through every activation."""

import tensorflow as tf

x = tf.Variable(1.0)
expected = -0.25  # softsign is x / (1 + |x|), of which the second derivative is -2 / (1 + x)³ where x > 0
print("tensorflow", tf.__version__, "\nexpected", expected)

with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = tf.nn.softsign(x)
    slope = inner.gradient(y, x)
got = float(outer.gradient(slope, x))
assert got == expected, got
