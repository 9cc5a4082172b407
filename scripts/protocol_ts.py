"""Make static/src/shared/protocol.ts from dispatch/console/protocol.py.

Usage: python -m scripts.protocol_ts [--check]
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from dispatch.console import protocol

TARGET = Path(__file__).resolve().parent.parent / "static" / "src" / "shared" / "protocol.ts"
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def type_of(hint: Any) -> str:
    """The TypeScript type of a Python annotation. Raises TypeError for one it does not know."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if hint is Any:
        return "unknown"
    if is_typeddict(hint):
        return str(hint.__name__)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in args)
    if origin in (Union, types.UnionType):
        return " | ".join(type_of(arg) for arg in args)
    if origin is list:
        inner = type_of(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is dict:
        key, value = args
        if get_origin(key) is Literal:
            return f"Partial<Record<{type_of(key)}, {type_of(value)}>>"
        return f"Record<{type_of(key)}, {type_of(value)}>"
    raise TypeError(f"no TypeScript for {hint!r}")


def render() -> str:
    """The whole file."""
    lines = ["// Made from dispatch/console/protocol.py by `make protocol`. Do not edit.", ""]
    for name, value in vars(protocol).items():
        if is_typeddict(value):
            lines.append(f"export interface {name} {{")
            for field, hint in get_type_hints(value).items():
                lines.append(f"  {field}: {type_of(hint)};")
            lines += ["}", ""]
        elif get_origin(value) is Literal and not name.startswith("_"):
            lines += [f"export type {name} = {type_of(value)};", ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    wanted = render()
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text() == wanted:
            return 0
        print("static/src/shared/protocol.ts is out of date. Run `make protocol`.")
        return 1
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
