"""The one error this distribution raises for bad input."""


class BadInput(ValueError):
    """An argument is wrong: the message names it, says what was expected and what came."""
