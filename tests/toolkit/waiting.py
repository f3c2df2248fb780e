"""Waits for conditions. A test that waits says what it waits for and shows what it saw instead."""

import time

# Far above what anything here takes: the deadline ends a broken test, it measures nothing.
DEADLINE_S = 60


def wait_for(what, condition, state=None, deadline_s=DEADLINE_S):
    """Return the first true value of `condition()`; fail with `state()` if none comes in time."""
    end = time.monotonic() + deadline_s
    pause = 0.02
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(
                "waited %d s for %s\n%s"
                % (deadline_s, what, state() if state else "last seen: %r" % (value,))
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
