"""How much is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_reference.errors import BadInput


@dataclass(frozen=True)
class Profile:
    """How many cases a check draws.

    Args:
        name: what it is called on the command line.
        max_examples: cases of one round.
        per_expensive_route: cases of one round for each expensive route, in the checks that are about it;
            more where an option has more values than that (`Cases.rows_of_routes`).
        expensive_share, compiled_share: share of these cases for an implementation of which sizes, or
            steps or shapes, are expensive.
        rounds: rounds, each with a seed of its own.
        seconds_per_check: no round is begun after this time.
        shrink: whether a failing case is made small.
        until_failure: whether no case is drawn after the first that fails.
    """

    name: str
    max_examples: int
    per_expensive_route: int
    expensive_share: float = 1.0
    compiled_share: float = 1.0
    rounds: int = 1
    seconds_per_check: float = float("inf")
    shrink: bool = True
    until_failure: bool = False


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", max_examples=20, per_expensive_route=4, expensive_share=0.7, compiled_share=0.5),
        Profile("ci", max_examples=100, per_expensive_route=80),
        Profile("fuzz", max_examples=100, per_expensive_route=10, rounds=1_000_000, seconds_per_check=10.0),
    )
}
"""quick and ci draw the same cases every time; fuzz draws until its time is up, from the given seed on."""


VERDICTS_ALONE = replace(PROFILES["quick"], shrink=False, until_failure=True)
"""The quick profile, where it is asked whether a check fails and not what it finds."""


def profile_named(name: str, seconds_per_check: float | None = None) -> Profile:
    """A profile, with another time limit if one is given.

    Raises:
        BadInput: no such profile, or a time limit for one that has none.
    """
    if name not in PROFILES:
        raise BadInput(f"profile: expected one of {', '.join(PROFILES)}; got {name!r}")
    profile = PROFILES[name]
    if seconds_per_check is None:
        return profile
    if profile.rounds == 1:
        raise BadInput(f"seconds: only the fuzz profile takes a time limit; got profile {name!r}")
    return replace(profile, seconds_per_check=seconds_per_check)
