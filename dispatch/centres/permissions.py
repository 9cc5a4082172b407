"""Who may do what: one table, from which the checks, their tests and docs/permissions.md are made.

A person has one role in each of their centres. The operator runs the installation and has a role
in no centre: the content of calls opens to them by a grant only (dispatch.centres.grants), which
is for one centre, ends by itself, and stands in that centre's log.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from django.db import models


class Role(models.TextChoices):
    """What a person is in one centre."""

    DISPATCHER = "dispatcher", "Dispatcher"
    SUPERVISOR = "supervisor", "Supervisor"
    ADMINISTRATOR = "administrator", "Centre administrator"
    AUDITOR = "auditor", "Auditor"


class Action(StrEnum):
    """Everything a person can do. What each means is in TABLE."""

    CALLS_READ = "calls.read"
    CALLS_SEND = "calls.send"
    CALLS_ACT = "calls.act"
    CALLS_WATCH = "calls.watch"
    CALLS_TEST = "calls.test"
    CALLS_HAND_OVER = "calls.hand_over"
    CALLS_HAND_OVER_ANY = "calls.hand_over_any"
    DUTY = "duty"
    HISTORY_READ = "history.read"
    STAFF_READ = "staff.read"
    STAFF_MANAGE = "staff.manage"
    LOG_READ = "log.read"
    SETTINGS_READ = "settings.read"
    SETTINGS_MANAGE = "settings.manage"
    TOKENS_MANAGE = "tokens.manage"
    GRANTS_END = "grants.end"
    GRANTS_TAKE = "grants.take"
    INSTALLATION_MANAGE = "installation.manage"


class Rule(NamedTuple):
    """One line of the table."""

    what: str  # as the documentation says it
    roles: frozenset[Role]
    operator: bool = False  # the operator, in any centre
    granted: bool = False  # the operator, while a grant for this centre holds
    machine: bool = False  # an API token of the centre that carries it as a scope


_D, _S, _A, _R = Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR
_EVERYONE = frozenset({_D, _S, _A, _R})
_WORKING = frozenset({_D, _S, _A})
_LEADING = frozenset({_S, _A})
_NOBODY: frozenset[Role] = frozenset()

TABLE: dict[Action, Rule] = {
    Action.CALLS_READ: Rule(
        "See the board and everything of a call but its live picture: number, position, messages.",
        _EVERYONE,
        granted=True,
        machine=True,
    ),
    Action.CALLS_SEND: Rule(
        "Open a call and send its link; send it again.", _WORKING, machine=True
    ),
    Action.CALLS_ACT: Rule(
        "Write to the caller, ask for camera and microphone, take over, close, undo closing, show "
        "or revoke the link.",
        _WORKING,
    ),
    Action.CALLS_WATCH: Rule("See and hear a caller live, and speak to them.", _WORKING),
    Action.CALLS_TEST: Rule("Make test calls, which stay out of every figure.", _LEADING),
    Action.CALLS_HAND_OVER: Rule("Hand one's own calls to a colleague on duty.", _WORKING),
    Action.CALLS_HAND_OVER_ANY: Rule("Hand anybody's calls to a colleague on duty.", _LEADING),
    Action.DUTY: Rule("Go on duty and off duty.", _WORKING),
    Action.HISTORY_READ: Rule("Read closed calls.", _EVERYONE, granted=True),
    Action.STAFF_READ: Rule(
        "See who works in the centre, and in which role.", _LEADING | {_R}, operator=True
    ),
    Action.STAFF_MANAGE: Rule(
        "Add and invite people, change their role, remove them, make a new password for them.",
        frozenset({_A}),
        operator=True,
    ),
    Action.LOG_READ: Rule(
        "Read the staff log: who joined, left, signed in, or was given a right.",
        frozenset({_A, _R}),
        operator=True,
    ),
    Action.SETTINGS_READ: Rule("See the centre's settings.", _LEADING | {_R}, operator=True),
    Action.SETTINGS_MANAGE: Rule(
        "Change the centre's settings, its ways to sign in among them.",
        frozenset({_A}),
        operator=True,
    ),
    Action.TOKENS_MANAGE: Rule(
        "Make and revoke API tokens of the centre.", frozenset({_A}), operator=False
    ),
    Action.GRANTS_END: Rule(
        "End the operator's look into the centre's calls before its time.",
        frozenset({_A}),
        operator=True,
    ),
    Action.GRANTS_TAKE: Rule(
        "Look into a centre's calls for a stated reason and at most twelve hours.",
        _NOBODY,
        operator=True,
    ),
    Action.INSTALLATION_MANAGE: Rule(
        "Make centres and accounts, switch accounts off, manage media nodes.",
        _NOBODY,
        operator=True,
    ),
}

#: What an API token may carry as scopes.
SCOPES = tuple(action for action, rule in TABLE.items() if rule.machine)


class Standing(NamedTuple):
    """What somebody is towards one centre."""

    role: Role | None = None
    operator: bool = False
    granted: bool = False
    scopes: frozenset[Action] = frozenset()  # of an API token

    def may(self, action: Action) -> bool:
        """Whether the table allows it."""
        rule = TABLE[action]
        return (
            self.role in rule.roles
            or (self.operator and (rule.operator or (self.granted and rule.granted)))
            or (rule.machine and action in self.scopes)
        )

    @property
    def sees(self) -> bool:
        """Whether the centre exists for them at all."""
        return self.role is not None or self.operator or bool(self.scopes)


def roles_that(action: Action) -> tuple[Role, ...]:
    """The roles whose people may do this, as the table has them."""
    return tuple(role for role in Role if role in TABLE[action].roles)
