"""What holds for all of the suite's own tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile("self", deadline=None)
settings.load_profile("self")
