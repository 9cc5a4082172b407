"""Make the demo centre; see dispatch.console.demo."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dispatch.console import demo


class Command(BaseCommand):
    help = (
        "Make the demo centre, its two people and this machine's media node, where missing. "
        "The last line is JSON with the generated passwords (null for an account that was there)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        demo.require_development()
        self.stdout.write(demo.as_line(demo.seed()))
