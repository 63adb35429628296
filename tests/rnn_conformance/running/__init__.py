"""Running checks: one adapter in a process of its own."""
