"""Reading JSON from pages."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

T = TypeVar("T")


def lenient(text: str | bytes, shape: type[T]) -> T:
    """JSON as browsers and people write it, checked against a shape.

    NaN and Infinity are no JSON (RFC 8259, 6), but one bad number must cost only the item it
    stands in, so the whole post is read all the same. Raises msgspec.MsgspecError.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError:
        raise
    except RecursionError as problem:
        raise msgspec.DecodeError("nested without end") from problem
    except msgspec.DecodeError:
        try:
            return msgspec.convert(json.loads(text), shape)
        except (ValueError, RecursionError) as problem:
            raise msgspec.DecodeError("not JSON") from problem
