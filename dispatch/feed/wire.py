"""Reading JSON from pages."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def lenient(text: str | bytes, shape: type[T]) -> T:
    """JSON as browsers and people write it, checked against a shape.

    NaN and Infinity are no JSON (RFC 8259, 6), but one bad number must cost only the item it
    stands in, so the whole post is read all the same; half of a character that a phone has cut in
    two (8.2) is read as U+FFFD. Raises msgspec.MsgspecError.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError:
        raise
    except RecursionError as problem:
        raise msgspec.DecodeError("nested without end") from problem
    except msgspec.DecodeError:
        try:
            return msgspec.convert(_whole(json.loads(text)), shape)
        except (ValueError, RecursionError) as problem:
            raise msgspec.DecodeError("not JSON") from problem


def _whole(value: Any) -> Any:
    """The same with no lone surrogates, which can be neither stored nor sent on."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value
