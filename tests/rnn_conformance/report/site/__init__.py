"""`rnn-conformance report`: a static site made of results files. It opens from a disk, without a network.

runs.py      results files by who made them: implementations and their runs, the oldest first
model.py     all that the pages show: implementations, clauses, faults, records of deviations
charts.py    error ÷ bound on a logarithmic axis
markdown.py  the Markdown of the spec as HTML
words.py     verdicts, numbers and conditions as they are shown
pages.py     the pages, from `templates/`
files.py     the folder, written
command.py   the command
"""
