"""Losing or doubling something on purpose, behind the server's back: a row must fail then."""

from __future__ import annotations

from functools import partial

from bench.chaos.ground import Ground
from bench.chaos.ledger import Item
from bench.chaos.load import Load

LOST, DOUBLED = "lost", "doubled"
KINDS = (LOST, DOUBLED)

_SQL = {
    ("chat", LOST): "DELETE FROM calls_chatmessage WHERE {where};",
    ("fix", LOST): "DELETE FROM callers_fix WHERE {where};",
    ("chat", DOUBLED): """INSERT INTO calls_chatmessage SELECT (jsonb_populate_record(one,
        jsonb_build_object('id', gen_random_uuid(), 'key', one.key || ' again'))).*
        FROM calls_chatmessage AS one WHERE {where};""",
    ("fix", DOUBLED): """INSERT INTO callers_fix SELECT (jsonb_populate_record(one,
        jsonb_build_object('id', (SELECT max(id) + 1 FROM callers_fix),
        'client_seq', one.client_seq + 1000000))).* FROM callers_fix AS one WHERE {where};""",
}


async def plant(ground: Ground, load: Load, what: str) -> list[str]:
    """Take one acknowledged message and one fix out of the database, or write them twice."""
    await load.quiet()
    planted = []
    for kind in ("chat", "fix"):
        item = next(one for one in load.ledger.acked if one.kind == kind)
        statement = _SQL[kind, what].format(where=_where(item))
        await ground.do(partial(ground.database.ask, statement))
        planted.append(f"{kind} {item.mark}")
    return planted


def _where(item: Item) -> str:
    place = f"call_id = '{item.call}'"
    if item.kind == "chat":
        return f"{place} AND text = '{item.mark}'"
    return f"{place} AND accuracy = {item.mark.rpartition(' ')[2]}"
