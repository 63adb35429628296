"""From data to JSON and back, and what is said of a document that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from rnn_reference.errors import BadInput

Kind = TypeVar("Kind")

encoded = msgspec.json.Encoder().encode
"""The JSON of any of the data."""


class Data(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What all written forms have in common."""


def decoded(document: bytes | str, kind: type[Kind], place: str = "document") -> Kind:
    """The data in a JSON document; `read_x` makes of it what it stands for.

    Raises:
        BadInput: the document is no JSON or has other fields; the message begins with the place.
    """
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.DecodeError as error:
        raise explained(error, place) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{place}: expected UTF-8; got another encoding ({error.reason})") from None
    except RecursionError:
        raise BadInput(f"{place}: expected JSON; got something that is nested too deeply") from None


def explained(error: msgspec.DecodeError, place: str = "document") -> BadInput:
    """What msgspec says, in our words: first the place, then what was expected and what came.

    Args:
        place: that of the whole document; it stands only where no field is to blame.
    """
    said, _, path = str(error).partition(" - at `$")
    where = path.rstrip("`").lstrip(".") or place
    said = re.sub(r"^Expected (.*), got (.*)$", r"expected \1; got \2", said)
    said = re.sub(r"^Object missing required field (.*)$", r"expected a field \1; got none", said)
    said = re.sub(r"^Object contains unknown field (.*)$", r"expected known fields; got \1", said)
    return BadInput(f"{where}: {said.replace('`', '')}")


def within(place: str, name: str) -> str:
    """The place of a field; "" is that of the document itself."""
    return f"{place}.{name}" if place else name


@contextmanager
def placed(place: str, name: str) -> Iterator[None]:
    """Let errors name a place in the document where they name a class: "layers[0].W_x" for "Cell.W_x"."""
    try:
        yield
    except BadInput as error:
        field, _, said = str(error).partition(": ")
        inner = field.removeprefix(name)
        where = f"{place}{inner}".lstrip(".") if inner != field else within(place, field)
        raise BadInput(f"{where}: {said}") from None


def names(known: Iterable[str]) -> msgspec.Meta:
    """Tells the schema which strings there are; what is made of the data refuses others in its own words."""
    return msgspec.Meta(extra_json_schema={"enum": list(known)})


def changed(value: Any, default: Any) -> Any:
    """The value, or the very default where it equals it: msgspec leaves out what is identical to it."""
    return default if value == default else value
