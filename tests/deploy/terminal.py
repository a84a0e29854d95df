"""Runs a command on a terminal, and answers y where it asks (y/n).

CDK asks before it allows or deletes something, and refuses where it cannot. What
the command writes goes to stdout, and its status is that of this program.
"""

import os
import pty
import sys

seen = b""


def read(terminal):
    global seen
    data = os.read(terminal, 4096)
    seen += data
    if b"(y/n)" in seen:
        seen = b""
        os.write(terminal, b"y\n")
    return data


sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read)))
