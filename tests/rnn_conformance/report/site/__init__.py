"""A static site made of results files: `rnn-conformance report`. It opens from a disk and asks the network for nothing.

runs.py      results files and what is known of who made them: implementations and their runs, the oldest first
model.py     all that the pages show: implementations, clauses, faults, records of deviations
charts.py    error ÷ bound on a logarithmic axis
markdown.py  the Markdown of the spec as HTML
pages.py     the pages, from `templates/`
files.py     the folder, written
command.py   the command
"""
