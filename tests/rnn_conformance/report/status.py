"""The exit status of the command line. One that a signal ends has 128 and its number, as in a shell."""

ALL_AS_RECORDED = 0
SOMETHING_FAILED = 1
"""A clause failed, a known deviation is gone or never was one, or nothing was asserted."""
COULD_NOT_RUN = 2
"""An adapter could not be checked, or the suite itself failed."""
INTERRUPTED = 130
"""By Ctrl-C."""
