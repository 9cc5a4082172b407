"""The only way from an id to a call, and to the lock that orders its changes.

Whoever comes this way has its log lines carry the call from here on.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from dispatch.calls.models import Call
from dispatch.errors import NotFound
from dispatch.logging import about


def call_for(call_id: UUID | str) -> Call:
    """The call of this id in the open scope. Raises NotFound for any other."""
    about(call_id)
    call = Call.objects.select_related("owner", "publisher").filter(pk=call_id).first()
    if call is None:
        raise NotFound("This call does not exist, or belongs to another centre.")
    return cast(Call, call)


def lock(call: Call | UUID | str) -> Call:
    """Lock the call's row and return it as it is now.

    Taken first by every command, so that units on one call run one after the other and
    never wait for each other crosswise. Raises NotFound.
    """
    call_id = call.pk if isinstance(call, Call) else call
    about(call_id)
    # NO KEY: rows that merely point at the call (foreign keys) need not wait for this.
    locked = Call.objects.select_for_update(no_key=True).filter(pk=call_id).first()
    if locked is None:
        raise NotFound("This call does not exist, or belongs to another centre.")
    return cast(Call, locked)
