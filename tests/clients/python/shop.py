"""Computes until its standard input ends. The module profiling is the snippet
of the documentation."""

import sys
import threading
import time

import profiling  # noqa: F401


def spin():
    end = time.monotonic() + 0.02
    while time.monotonic() < end:
        pass


def work():
    while True:
        spin()
        time.sleep(0.005)


threading.Thread(target=work, daemon=True).start()
sys.stdin.read()
