"""Look at every part of the installation; see dispatch.upkeep.doctor and docs/doctor.md."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.upkeep.doctor import checks, report
from dispatch.upkeep.doctor.examine import examine
from dispatch.upkeep.doctor.result import PARTS, any_failed


class Command(BaseCommand):
    help = "Say of every part whether it works, and what to do if not. Exit code 1 if one failed."
    requires_system_checks = []  # they are a part of their own

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--only", default="", metavar="PART,…", help=f"of {', '.join(PARTS)}")
        parser.add_argument(
            "--no-call", action="store_true", help="no synthetic caller in the media nodes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        only = [name.strip() for name in options["only"].split(",") if name.strip()]
        unknown = sorted(set(only) - set(PARTS))
        if unknown:
            raise CommandError(
                f"No such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}.", returncode=2
            )
        began = time.monotonic()
        results = examine(checks.every(call=not options["no_call"]), only=only)
        seconds = time.monotonic() - began
        if options["json"]:
            self.stdout.write(report.as_json(results, seconds=seconds))
        else:
            encoding = getattr(self.stdout, "encoding", None) or "ascii"
            self.stdout.write(report.as_text(results, seconds=seconds, encoding=encoding))
        if any_failed(results):
            sys.exit(1)
