"""What the database says, read in plain SQL: not by the code that draws cards and snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

_CALLS = """
SELECT json_build_object(
  'id', c.id,
  'state', c.state,
  'media', json_build_array(c.media, c.camera, c.microphone),
  'publisher', (SELECT json_build_array(p.session, p.boot)
                  FROM calls_participant p WHERE p.id = c.publisher_id),
  'present', (SELECT coalesce(json_agg(p.identity), '[]')
                FROM calls_participant p WHERE p.call_id = c.id AND p.sid <> ''),
  'room', (SELECT r.name FROM calls_room r
            WHERE r.call_id = c.id AND r.generation = c.generation AND r.ended_at IS NULL),
  'chat', (SELECT coalesce(json_agg(json_build_array(m.key, m.side, m.text)
                                    ORDER BY m.at, m.id), '[]')
             FROM calls_chatmessage m WHERE m.call_id = c.id),
  'stages', (SELECT coalesce(json_object_agg(s.stage, s.at), '{}')
               FROM calls_stagemark s WHERE s.call_id = c.id AND s.at IS NOT NULL),
  'events', (SELECT coalesce(json_object_agg(e.kind, e.count), '{}')
               FROM (SELECT kind, count(*) FROM calls_callevent
                      WHERE call_id = c.id GROUP BY kind) e),
  'requests', (SELECT coalesce(json_object_agg(r.id, r.answer), '{}')
                 FROM calls_callerrequest r WHERE r.call_id = c.id),
  'sessions', (SELECT coalesce(json_object_agg(s.id, json_build_array(
                        s.permissions, s.conditions, s.opened_at IS NOT NULL)), '{}')
                 FROM callers_callersession s WHERE s.call_id = c.id),
  'fixes', (SELECT coalesce(json_agg(json_build_array(f.session_id, f.boot, f.client_seq)), '[]')
              FROM callers_fix f WHERE f.call_id = c.id),
  'position', (SELECT json_build_array(ST_Y(f.point), ST_X(f.point))
                 FROM callers_fix f WHERE f.call_id = c.id ORDER BY f.at DESC, f.id DESC LIMIT 1)
)::text
FROM calls_call c WHERE c.centre_id = ANY(%s)
"""

_STREAMS = """
SELECT s.name, s.head, count(e.seq), coalesce(min(e.seq), s.head + 1), coalesce(max(e.seq), s.head)
FROM feed_stream s LEFT JOIN feed_entry e ON e.stream = s.name
WHERE s.wall = ANY(%s) GROUP BY s.name, s.head
"""


def calls(walls: Iterable[int]) -> dict[str, dict[str, Any]]:
    """Every call of these centres, by id."""
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [list(walls)])
        found = [json.loads(row[0]) for row in cursor.fetchall()]
    return {one["id"]: one for one in found}


def check_streams(walls: Iterable[int]) -> None:
    """Sequences have no gap and end at the head; what was pruned was the beginning."""
    with connection.cursor() as cursor:
        cursor.execute(_STREAMS, [list(walls)])
        for name, head, count, first, last in cursor.fetchall():
            assert last == head, f"{name} ends at {last}, its head is {head}"
            assert count == last - first + 1, f"{name} has a gap between {first} and {last}"
