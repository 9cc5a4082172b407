#!/usr/bin/env python
"""Django's command line for Sightline."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatch.settings")
    if sys.argv[1:2] == ["doctor"]:
        from dispatch.upkeep.doctor.door import unreadable

        if report := unreadable(sys.argv[2:]):
            sys.stdout.write(report + "\n")
            sys.exit(1)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
