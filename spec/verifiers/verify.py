"""Holds an implementation against vectors, as spec/94-vectors.md says: python3 verify.py FILE ...

It needs to read JSON, to subtract and to compare. Held against them is `Network` of the module `layer`
beside this file; to verify another, put it in its place.
"""

import json
import sys
from functools import reduce
from math import inf, isnan, nan

from layer import Network


def read(tree):
    """The written form: "nan" and "inf" as numbers, {"shape": …} as an array without elements."""
    if isinstance(tree, dict) and "shape" in tree:
        return reduce(lambda inner, size: [inner] * size, reversed(tree["shape"]), None)
    if isinstance(tree, dict):
        return {name: read(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [read(part) for part in tree]
    return {"nan": nan, "inf": inf, "-inf": -inf}.get(tree, tree) if isinstance(tree, str) else tree


def wrong(actual, expected, bound, place):
    """The first element that is not what is expected; "" where there is none."""
    if isinstance(expected, (dict, list)):
        if isinstance(expected, list) and len(actual) != len(expected):
            return f"{place}: expected {len(expected)} elements; got {len(actual)}"
        names = expected if isinstance(expected, dict) else range(len(expected))
        each = (wrong(actual[name], expected[name], bound[name], f"{place}.{name}") for name in names)
        return next(filter(None, each), "")
    right = bound == inf or actual == expected or abs(actual - expected) <= bound
    if right or (isnan(actual) and isnan(expected)):
        return ""
    return f"{place}: {actual}, not {expected} ± {bound}"


def verified(vector, dtype):
    """What is wrong with a vector in a type; "" where nothing is; None where something is not supported."""
    try:
        network = Network(vector["network"]["layers"], dtype)
        for step in vector["steps"]:
            given = network.do(step)
            if "expected" in step:
                message = wrong(given, step["expected"], step["bounds"][dtype], f"{dtype} {step['do']}")
                if message:
                    return message
    except NotImplementedError:
        return None
    except ValueError as refusal:
        return "" if vector.get("may_refuse") else f"{dtype}: refused, {refusal}"
    return ""


def verify(paths):
    """Whether every vector passes, in every type that it has bounds for; prints what is wrong, and counts."""
    counts = {"passed": 0, "skipped": 0, "failed": 0}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for vector in read(document["vectors"]) if "chapter" in document else ():
            types = next(step["bounds"] for step in vector["steps"] if "bounds" in step)
            messages = [verified(vector, dtype) for dtype in types]
            supported = [message for message in messages if message is not None]
            counts["failed" if any(supported) else "passed" if supported else "skipped"] += 1
            for message in filter(None, supported):
                print(f"vector {vector['id']} ({vector['clause']}): {message}")
    print(", ".join(f"{count} {came}" for came, count in counts.items()))
    return counts["passed"] > 0 and not counts["failed"]


if __name__ == "__main__":
    sys.exit(0 if verify(sys.argv[1:]) else 1)
