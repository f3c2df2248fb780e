"""Records on their way from the host to the agent: a bounded queue, and a thread while it is not empty.

The host's threads only put records down. A record is numbered when it is put down and leaves the queue when the
agent says that it is kept; what is handed over twice because an answer was lost, the agent knows by its number.
What does not fit is counted. Knows no logging and no Toolkit.
"""

import _thread
import collections
import itertools
import os
import threading
import time

from .channel import MOST_REQUEST_BYTES, ask
from .child import encode

MOST_RECORDS = 1000
MOST_CHARACTERS = 4 * 1024 * 1024
# Of one request; the rest of what the agent takes is room for what JSON makes of it.
_MOST_BATCH = 200
_MOST_BATCH_BYTES = MOST_REQUEST_BYTES // 2

_ASK_S = 10
# An agent that is away may be back soon: after an update, say. Later the next record asks again.
_PAUSES_S = (1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60)
_LAST_CHANCE_S = 0.2


class Outbox(object):
    """Hands records over to the agent, in order.

    :param head: called on the outbox's thread; the fields of the request that do not change with its records.
    """

    def __init__(self, head):
        # type: (object) -> None
        self._head = head
        self._pid = os.getpid()
        # Held for moments only, and never while anybody talks.
        self._lock = threading.Lock()
        # (number, characters, function that returns the record)
        self._waiting = collections.deque()
        self._characters = 0
        self._last = 0
        self._dropped = 0
        self._place = None
        self._is_running = False
        self._is_shut = False
        self._wake = threading.Event()
        self._idle = threading.Event()

    def put(self, characters, make):
        # type: (int, object) -> None
        """Put a record down. `make` is called on another thread, and must hold nothing of the host's."""
        with self._lock:
            if self._is_shut:
                return
            fits = (
                len(self._waiting) < MOST_RECORDS
                and self._characters + characters <= MOST_CHARACTERS
            )
            if not fits:
                self._dropped += 1
                return
            self._last += 1
            self._characters += characters
            self._waiting.append((self._last, characters, make))
            self._start()

    def drop(self):
        # type: () -> None
        """Count a record that could not be put down."""
        with self._lock:
            self._dropped += 1

    def reach(self, place):
        # type: (object) -> None
        """From now on the agent is reached at this place; what waits is tried at once."""
        with self._lock:
            self._place = place
            self._wake.set()
            if self._waiting:
                self._start()

    @property
    def is_empty(self):
        # type: () -> bool
        """Whether nothing waits."""
        return not self._waiting

    def end(self):
        # type: () -> None
        """The interpreter ends: what waits gets one last, short chance."""
        if os.getpid() != self._pid:
            return
        until = time.monotonic() + _LAST_CHANCE_S
        with self._lock:
            nothing = not self._waiting or self._place is None
            self._is_shut = True
            is_running = self._is_running
            self._wake.set()
        if nothing:
            return
        if is_running:
            self._idle.wait(_LAST_CHANCE_S)
            return
        # No thread can be started any more.
        try:
            while time.monotonic() < until and self._hand_over(until - time.monotonic()):
                pass
        except Exception:
            pass  # that was its chance

    def _start(self):
        """Called with the lock held. Without `threading`: its start waits for the new thread, here on the host's."""
        if self._is_running or self._place is None or self._is_shut:
            return
        self._idle.clear()
        self._wake.clear()
        self._is_running = True
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:  # no more threads, or the interpreter ends
            self._is_running = False

    def _run(self):
        try:
            self._work()
        except BaseException:  # whatever it is, the host's stderr is not ours
            pass
        finally:
            self._idle.set()

    def _work(self):
        pauses = iter(_PAUSES_S)
        while True:
            try:
                if self._hand_over(_ASK_S):
                    pauses = iter(_PAUSES_S)
                    continue
                pause = 0
            except Exception:
                pause = next(pauses, None)
            with self._lock:
                if pause is None or not self._waiting or self._is_shut:
                    # What waits stays for the next record, or for an agent that says where it is.
                    self._is_running = False
                    return
            self._wake.wait(pause)
            self._wake.clear()

    def _hand_over(self, timeout_s):
        """Hand over some of what waits; False when nothing does. Raises when nobody took it."""
        with self._lock:
            batch = list(itertools.islice(self._waiting, _MOST_BATCH))
            place, dropped = self._place, self._dropped
        if not batch:
            return False
        records, left = [], _MOST_BATCH_BYTES
        for _, _, make in batch:
            record = _made(make)
            left -= len(encode(record)) if record else left + 1
            if left < 0:
                break
            records.append(record)
        if not records:
            # The first one can never be handed over.
            return self._forget(1, was_kept=False)
        answer = ask(
            place,
            dict(
                self._head(),
                first=batch[0][0],
                dropped=dropped,
                records=records,
                sent_ms=int(time.time() * 1000),
            ),
            timeout_s,
        )
        if answer.get("code") == "not_understood":
            # An agent of an older version: it reads the logs, as before.
            with self._lock:
                self._is_shut = True
                self._waiting.clear()
            return False
        if not answer.get("ok"):
            raise RuntimeError("not kept")
        return self._forget(len(records), was_kept=True)

    def _forget(self, count, was_kept):
        with self._lock:
            for _ in range(count):
                _, characters, _ = self._waiting.popleft()
                self._characters -= characters
            if not was_kept:
                self._dropped += count
        return True


def _made(make):
    """The record, or None where the host's own text cannot be made."""
    try:
        return make()
    except Exception:
        return None
