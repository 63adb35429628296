"""Vectors: cases with what must come of them, in files that a program in any language can read.

form.py       what a vector is, as written; reading and writing files of them
numbers.py    numbers that are the same on every machine
expected.py   what the reference expects of a vector, and the bounds
recipes.py    the vectors as they are meant; chapters/: those of each chapter
making.py     `vectors make`: from recipes to files
lint.py       `vectors lint`: what is wrong with the files
judge.py      an implementation before a vector (`vectors verify`: `running/verification.py`)
promote.py    `vectors promote`: a counterexample becomes a vector
matrix.py     `vectors matrix`: which vectors kill which faults
onnx_*.py     `vectors onnx`: as ONNX backend tests; `measure onnx-kills`: beside those that ONNX has
"""
