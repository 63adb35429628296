"""The fault catalogue: faulty implementations, one file per chapter of the spec."""
