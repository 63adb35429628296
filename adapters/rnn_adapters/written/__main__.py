"""Writes the schema of the written form: `python -m rnn_adapters.written [folder]`."""

import sys
from pathlib import Path

from rnn_adapters.written.schema import write_schemas

write_schemas(Path(*sys.argv[1:2] or ["spec/schemas"]))
