"""The site of the spec, which Sphinx builds: chapters, guides, clauses, the API, numbers in plots.

__main__.py    the command, `python -m rnn_conformance.report.docs`
source.py      the folder that Sphinx reads: the Markdown as it stands, and beside it what is generated
generated.py   the generated pages, of the templates in pages/
contents.py    the table of contents
build.py       all of it, one after the other
api.py         the pages of the API, a module each
figures.py     the plots of the page of numerics
conf.py        Sphinx's configuration
clauses.py     in every text a clause is an anchor, and its id a link
mathml.py      equations as MathML: no script, no network
charts.py      the charts of chapters, which GitHub draws by Mermaid, as SVG
docstrings.py  docstrings, which are Markdown, for Sphinx, which reads reStructuredText
finishing.py   diagrams that follow the theme; what scrolls is reached by the keyboard
"""
