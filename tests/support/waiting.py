# SPDX-License-Identifier: Apache-2.0
"""Waits for conditions, never for time to pass."""

import time


class TimedOut(AssertionError):
    """A condition did not come true; the message says which one and what was seen last."""


def wait_for(predicate, what, timeout=15.0, every=0.02, watch=None):
    """Polls until predicate() is true and returns its value.

    watch() is called at each turn and may raise, for example because a daemon died.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen = predicate()
        if seen:
            return seen
        if watch is not None:
            watch()
        if time.monotonic() > deadline:
            raise TimedOut(f"waited {timeout:g} s for: {what}; last seen: {seen!r}")
        time.sleep(every)
