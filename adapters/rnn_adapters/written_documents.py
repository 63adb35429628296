"""From data to JSON and back, and what is said of a document that is wrong."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

import msgspec

from rnn_reference.errors import BadInput

Kind = TypeVar("Kind")

encoded = msgspec.json.Encoder().encode
"""The JSON of any of the data."""


DOCUMENT = "document"
"""What a document without a place is called."""


class Data(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What all written forms have in common."""


_BUILDING = Lock()


_DECODERS: dict[Any, Any] = {}


def decoder_of(kind: type[Kind]) -> msgspec.json.Decoder[Kind]:
    """What decodes a type; made once, and by one thread at a time.

    Where two threads decode a type for the first time at once, msgspec 0.22 ends the process.
    """
    with _BUILDING:
        if kind not in _DECODERS:
            _DECODERS[kind] = msgspec.json.Decoder(kind)
        made: msgspec.json.Decoder[Kind] = _DECODERS[kind]
    return made


def decoded(document: bytes | str, kind: type[Kind], place: str = "") -> Kind:
    """The data in a JSON document; `read_x` makes of it what it stands for.

    Args:
        place: what errors call the document, before the field that is to blame.

    Raises:
        BadInput: the document is no JSON, or has other fields.
    """
    try:
        return decoder_of(kind).decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if isinstance(document, bytes):
            _expect_utf_8(document, place)
        raise explained(error, place) from None
    except RecursionError:
        raise BadInput(f"{place or DOCUMENT}: expected JSON; got lists nested too deeply") from None


def _expect_utf_8(document: bytes, place: str) -> None:
    try:
        document.decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{place or DOCUMENT}: expected UTF-8; got another encoding ({error.reason})"
        ) from None


def explained(error: Exception, place: str = "") -> BadInput:
    """What msgspec says of JSON or TOML, in our words: the place, then what was expected and what came."""
    said, _, path = str(error).partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    where = (f"{place}{field}" if field.startswith("[") else within(place, field)) if field else place
    said = re.sub(r"^Expected (.*), got (.*)$", r"expected \1; got \2", said)
    said = re.sub(r"^Object missing required field (.*)$", r"expected a field \1; got none", said)
    said = re.sub(r"^Object contains unknown field (.*)$", r"expected known fields; got \1", said)
    said = re.sub(r"^[A-Z](?=[a-z])", lambda first: first[0].lower(), said)
    return BadInput(f"{where or DOCUMENT}: {said.replace('`', '')}")


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


def canonical(schema: Any) -> Any:
    """A schema in one form, whatever msgspec made it: alternatives in one order, and texts not indented."""
    match schema:
        case dict():
            values = {name: canonical(value) for name, value in schema.items()}
            if isinstance(values.get("anyOf"), list):
                values["anyOf"].sort(key=repr)
            if isinstance(values.get("description"), str):
                values["description"] = inspect.cleandoc(values["description"])
            return values
        case list():
            return [canonical(value) for value in schema]
    return schema


def names(known: Iterable[str]) -> msgspec.Meta:
    """Tells the schema which strings there are; what is made of the data refuses others in its own words."""
    return msgspec.Meta(extra_json_schema={"enum": list(known)})


def changed(value: Any, default: Any) -> Any:
    """The value, or the very default where it equals it: msgspec leaves out what is identical to it."""
    return default if value == default else value
