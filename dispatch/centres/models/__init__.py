"""Tables of the centres and their staff."""

from dispatch.centres.models.centre import RESERVED_SLUGS, Centre, refuse_reserved
from dispatch.centres.models.person import Grant, Membership, User, UserManager

from dispatch.centres.models.log import StaffEvent  # isort: skip (its base needs the ones above)

__all__ = [
    "RESERVED_SLUGS",
    "Centre",
    "Grant",
    "Membership",
    "StaffEvent",
    "User",
    "UserManager",
    "refuse_reserved",
]
