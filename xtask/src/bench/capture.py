"""What direct capture costs the host's thread: `emit` of one record, as the host's logger calls it.

Run by `cargo xtask bench capture` with the bundle's `python` folder as its argument. Prints one JSON object: kind of record to
microseconds, the best of some rounds.
"""

import _thread
import json
import logging
import os
import sys
import threading
import time
import types

sys.path.insert(0, sys.argv[1])

from tk_incident.capture import Capture  # noqa: E402

ROUNDS = 15
RECORDS = 500
NAME = "sgtk.env.shot.tk-maya.tk-multi-publish2"


def capture_of(root):
    made = Capture(
        (True, False),
        {"pid": os.getpid(), "started": "now"},
        types.SimpleNamespace(root_logger=root, log_file=None),
        "sgtk.env.shot.tk-maya",
        "tk-incidentreporter",
        False,
    )
    made.start()
    return made


def error():
    def deeper(left):
        if left:
            deeper(left - 1)
        raise ValueError("no shot")

    try:
        deeper(19)
    except ValueError:
        return sys.exc_info()


def microseconds(handler, fresh, **fields):
    best = float("inf")
    for _ in range(ROUNDS):
        fresh()
        records = []
        for number in range(RECORDS):
            record = logging.LogRecord(NAME, 40, "x.py", 1, "item %d of %s", (number, "shot"), None)
            vars(record).update(fields)
            records.append(record)
        began = time.perf_counter()
        for record in records:
            handler.handle(record)
        best = min(best, time.perf_counter() - began)
    return best / RECORDS * 1e6


def a_thread(start):
    def once():
        began = time.perf_counter()
        start()
        took = time.perf_counter() - began
        time.sleep(0.001)
        return took

    return sorted(once() for _ in range(300))[150] * 1e6


def main():
    root = logging.Logger("sgtk")
    capture = capture_of(root)
    (handler,) = root.handlers
    outbox = capture._outbox

    def empty():
        outbox._waiting.clear()
        outbox._characters = 0

    traceback = "Traceback (most recent call last):\n" + "  File x\n" * 40
    figures = {
        "a message": microseconds(handler, empty),
        "with a traceback that the log's handler has made": microseconds(
            handler, empty, exc_text=traceback
        ),
        "with an exception of 20 calls that nobody has printed": microseconds(
            handler, empty, exc_info=error()
        ),
    }
    for _ in range(2):
        microseconds(handler, lambda: None)
    figures["a message, the queue full"] = microseconds(handler, lambda: None)
    figures["and once in a burst, the thread that hands it over"] = a_thread(
        lambda: _thread.start_new_thread(time.time, ())
    )
    figures["(that thread, had `threading` started it)"] = a_thread(
        lambda: threading.Thread(target=time.time).start()
    )
    print(json.dumps(figures))


main()
