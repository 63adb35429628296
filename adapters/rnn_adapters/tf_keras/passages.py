"""Files that Keras 2 writes of a model, and what is called once they were read again."""

from __future__ import annotations

import tempfile
from typing import Any


def through_h5(keras: Any, model: Any) -> Any:
    """The model written to an H5 file and read again."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(path := f"{folder}/model.h5")
        return keras.models.load_model(path)


def through_saved_model(keras: Any, model: Any) -> Any:
    """The model written to a folder as a SavedModel and read again."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder, save_format="tf")
        return keras.models.load_model(folder)
