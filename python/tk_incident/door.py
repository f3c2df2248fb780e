"""The queue and the thread between the host and the program.

The host's thread only puts a message down and goes on. A daemon thread, alive only while there is
something to deliver, finds the program and runs it, one message after the other. What cannot be
delivered is dropped: the agent follows the logs with or without it, and the next start or context
change of any session tries again.
"""

import collections
import threading


class Door(object):
    """Delivers messages in order, away from the caller's thread.

    :param deliver: called as `deliver(verb, message)` on the door's thread; raises on failure.
    :param warn: called with a text on the door's thread, at most once in the door's life.
    :param note: called with a text on the door's thread, for each further failure and for an
        end that found nobody to hear it.
    """

    def __init__(self, deliver, warn, note):
        self._deliver = deliver
        self._warn = warn
        self._note = note
        self._lock = threading.Lock()
        self._waiting = collections.deque()
        self._thread = None
        # The last attach that is on its way or arrived; None after one that failed.
        self._attached = None
        # The last attach of all, for an agent that has gone; None after the end of the session.
        self._last = None
        self._warned = False

    def attach(self, message):
        # type: (dict) -> bool
        """Send the state of the session. Returns False if the agent knows exactly this already.

        Toolkit calls the app twice for one context change. Of several states that wait, only
        the newest counts.
        """
        with self._lock:
            if message == self._attached:
                return False
            if self._waiting and self._waiting[-1][0] == "attach":
                self._waiting.pop()
            self._put("attach", message)
            self._attached = self._last = message
        return True

    def again(self):
        # type: () -> None
        """Send the last state once more: the agent that knew it has gone. Nothing after a detach."""
        with self._lock:
            if self._last is None or any(verb == "attach" for verb, _ in self._waiting):
                return
            self._put("attach", self._last)
            self._attached = self._last

    def gone(self):
        # type: () -> None
        """The agent has gone: the next attach is sent, also if it says nothing new."""
        with self._lock:
            self._attached = None

    def detach(self, message):
        # type: (dict) -> None
        """Send the end of the session, after whatever waits."""
        with self._lock:
            self._attached = self._last = None
            self._put("detach", message)

    def _put(self, verb, message):
        """Called with the lock held, as is every change of `_waiting` and `_thread`."""
        self._waiting.append((verb, message))
        if self._thread is None:
            # A new thread per burst: an idle one would be one more thing in the host's process.
            thread = threading.Thread(target=self._run, name="tk-incident door")
            thread.daemon = True
            thread.start()
            self._thread = thread

    def _run(self):
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                verb, message = self._waiting.popleft()
            try:
                self._deliver(verb, message)
            except Exception as reason:
                self._failed(verb, message, reason)

    def _failed(self, verb, message, reason):
        with self._lock:
            if self._attached is message:
                self._attached = None
            say = self._note
            if verb == "attach" and not self._warned:
                self._warned = True
                say = self._warn
        try:
            say(str(reason))
        except Exception:
            pass  # the host's log handlers may be gone already
