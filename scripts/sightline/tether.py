"""Start a program that cannot outlive us.

`python -I -S tether.py PARENT SIGNAL USER PROGRAM ARGUMENT…` asks the kernel to send
SIGNAL to this process when its parent dies (even by `kill -9`), gives up root for USER
if that is not "-", and becomes PROGRAM. It runs on its own, with nothing imported from
the project, because doing the same between fork and exec is unsafe in a parent with
threads; and because a user like `postgres` may not be able to read the interpreter.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, death, user, *command = sys.argv[1:]
    os.setsid()  # Ctrl-C in the terminal reaches the supervisor alone
    if user != "-":
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        os.environ.update(HOME="/", USER=user, LOGNAME=user)
    # After setuid: a change of user clears the request.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)  # the parent died before the kernel was told
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the program is the point
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
