"""The conformance suite for the vanilla RNN: a pytest plugin and a command line over the same checks.

clauses.py     the clauses, read from spec/
case.py        one case: a network and a call
strategies.py  what Hypothesis draws
compare.py     values and bounds → verdict
subject.py     the implementation under test, as a check sees it
check.py       a check, and how it is performed
checks/        one file per chapter of the spec
deviations.py  known deviations and their witnesses
faults.py      faulty implementations that the checks must catch
"""
