"""What TensorFlow writes of a model, and what is called of it once it was read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Runner: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the inputs of a model to its outputs."""


def runner(model: Any, batch: int) -> Runner:
    """The model as TFLite interprets it.

    Args:
        batch: of all inputs; without it the converter refuses the lists in which a loop keeps its outputs.
    """
    import tensorflow as tf

    specs = [tf.TensorSpec((batch, *symbol.shape[1:]), symbol.dtype) for symbol in model.inputs]
    function = tf.function(lambda *inputs: model(list(inputs))).get_concrete_function(*specs)
    content = tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()
    signature = tf.lite.Interpreter(model_content=content).get_signature_runner()

    def run(inputs: list[Any]) -> list[Any]:
        named = {f"inputs_{index}": array for index, array in enumerate(inputs)}
        found = signature(**named)
        return [found[f"output_{index}"] for index in range(len(found))]

    return run
