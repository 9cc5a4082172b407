"""Writes docs/permissions.md from the table of permissions; a test holds the page to it."""

from __future__ import annotations

import sys
from pathlib import Path

from dispatch.centres.permissions import SCOPES, TABLE, Role, Rule

TARGET = Path(__file__).parent.parent / "docs" / "permissions.md"

INTRODUCTION = """# Who may do what

Made from the table in `dispatch/centres/permissions.py` by `python -m scripts.permissions_page`;
the same table decides every request. A person has one role in each of their centres and may belong
to several.

The **operator** runs the installation and has a role in no centre. Call content opens to them by a
*grant* only: for one centre, for a stated reason, for at most twelve hours, to read. It stands in
the centre's staff log, and the centre's administrators can end it. An **API token** belongs to a
centre and may do what it carries as a scope.

● may · ◐ while a grant holds · ○ with this scope
"""


def _cells(rule: Rule) -> list[str]:
    roles = ["●" if role in rule.roles else "" for role in Role]
    operator = "●" if rule.operator else "◐" if rule.granted else ""
    return [*roles, operator, "○" if rule.machine else ""]


def render() -> str:
    """The whole page."""
    heads = ["", *(role.label for role in Role), "Operator", "API token", ""]
    lines = [INTRODUCTION, f"| {' | '.join(heads)} |", "|---" + "|:-:" * 6 + "|---|"]
    for action, rule in TABLE.items():
        lines.append(f"| `{action}` | {' | '.join(_cells(rule))} | {rule.what} |")
    lines += ["", f"Scopes of API tokens: {', '.join(f'`{scope}`' for scope in SCOPES)}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(render())
    sys.exit(0)
