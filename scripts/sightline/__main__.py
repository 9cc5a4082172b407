"""The commands behind the Makefile: `python3 -m scripts.sightline COMMAND`."""

import signal
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said before anything newer is read
    sys.exit("Sightline needs Python 3.11 or newer; this is %s." % sys.version.split()[0])  # noqa: UP031

from .say import Trouble, complain


def main() -> int:
    from . import check, run

    commands = {
        "run": run.run,
        "run-lan": run.run_lan,
        "install": run.install_only,
        "password": run.password,
        "test": check.everything,
        "lint": check.lint,
        "sizes": check.sizes,
        "screenshots": check.screenshots,
        "newcomer": check.newcomer,
        "try-dockerfile": check.try_dockerfile,
        "format": check.reformat,
        "protocol": check.protocol,
        "lock": check.lock,
    }
    with_arguments = {
        "manage": run.manage,
        "doctor": run.doctor,
        "unit": check.unit,
        "e2e": check.end_to_end,
        "messages": check.messages,
        "soak": check.soak,
        "bench-first-frame": check.bench_first_frame,
        "bench-glass": check.bench_glass,
        "bench-fanout": check.bench_fanout,
        "bench-intake": check.bench_intake,
        "chaos": check.chaos,
    }
    name, *arguments = sys.argv[1:] or ["help"]
    # Ended politely, every child is ended too; by default SIGTERM would leave them behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if name in with_arguments:
            return with_arguments[name](arguments)
        if name in commands:
            return commands[name]()
    except Trouble as trouble:
        complain(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        return 130
    complain(f"Commands: {', '.join((*commands, *with_arguments))}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
