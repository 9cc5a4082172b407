"""New passwords for the demo centre's people; see dispatch.console.demo."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dispatch.console import demo


class Command(BaseCommand):
    help = "Generate new passwords for the demo accounts. The last line is JSON with them."

    def handle(self, *args: Any, **options: Any) -> None:
        demo.require_development()
        self.stdout.write(demo.as_line(demo.renew_passwords()))
