"""Hears what the running agent wants of this session: its token, or that it ends.

One daemon thread per session, blocked in a read; while nobody says anything nothing wakes up. An agent that
says `bye` is not missed: the next start or context change of any session starts one. One that dies without a
word is started again after a pause, a few times an hour at most: an agent that dies of what it is told must
not keep the machine busy.
"""

import threading
import time

from . import channel

# Before the first, second, … attempt to bring an agent back; the last holds for all that follow.
PAUSES_S = (30, 600, 1800)
# An agent that was there for so long has not died of what it was told: the pauses begin anew.
CALM_S = 3600
# A newer agent takes a moment to be there.
TAKEN_OVER_S = 3
# An agent that was started a moment ago opens its channel within this time.
REACH_S = 20
_ANSWER_S = 5

_BYE, _TAKEN_OVER, _LOST = "bye", "taken over", "lost"


class Listener(object):
    """Listens for one session.

    :param who: `pid` and `started` of the session.
    :param again: called without arguments to attach once more. Returns at once; `listen` is called when it worked.
    :param gone: called without arguments when the agent has gone, in whatever way.
    :param renew: called without arguments for the `site` object of this moment, or None.
    :param note: called with a text about what did not work.

    All four are called on the listener's thread.
    """

    def __init__(self, who, again, gone, renew, note, pauses_s=PAUSES_S):
        self._who = who
        self._again = again
        self._gone = gone
        self._renew = renew
        self._note = note
        self._pauses_s = pauses_s
        self._lock = threading.Lock()
        # Set when there is another place to go to, or the end to see.
        self._told = threading.Event()
        self._thread = None
        self._place = None
        self._connection = None
        self._is_reached = False
        self._ended = False

    def listen(self, place):
        # type: (object) -> None
        """An attach has worked, and the agent is to be found at `place`. Returns at once."""
        with self._lock:
            if self._ended or not place:
                return
            is_new, self._place = place != self._place, place
            if self._thread is None:
                self._told.clear()
                self._is_reached = True
                self._thread = threading.Thread(
                    target=self._run, name="tk-incident listener"
                )
                self._thread.daemon = True
                self._thread.start()
            elif is_new or not self._is_reached:
                self._told.set()
                self._hang_up()

    def stop(self):
        # type: () -> None
        """End listening. Returns at once."""
        with self._lock:
            self._ended = True
            self._told.set()
            self._hang_up()

    def _hang_up(self):
        if self._connection is not None:
            self._connection.hang_up()

    def _run(self):
        try:
            self._work()
        except Exception as reason:
            # Out of a thread it would be an incident of the host's.
            with self._lock:
                self._thread = None
            self._call(self._note, str(reason))

    def _work(self):
        losses = 0
        while True:
            began = time.monotonic()
            end = self._stay(self._place)
            lasted_s = time.monotonic() - began
            if lasted_s > CALM_S:
                losses = 0
            self._call(self._gone)
            with self._lock:
                self._is_reached = False
                # Told meanwhile: the place is another, or the agent one that was just started.
                if end is _BYE and not self._told.is_set():
                    self._thread = None
                    return
            pause_s = self._pauses_s[min(losses, len(self._pauses_s) - 1)]
            if end is _TAKEN_OVER and lasted_s > pause_s:
                pause_s = TAKEN_OVER_S
            while not self._told.wait(pause_s):
                losses += 1
                self._call(self._again)
                pause_s = self._pauses_s[min(losses, len(self._pauses_s) - 1)]
            with self._lock:
                self._told.clear()
                if self._ended:
                    self._thread = None
                    return
                self._is_reached = True

    def _stay(self, place):
        """Listen until the agent or we hang up; why it ended."""
        connection = self._reach(place)
        if connection is None:
            return _LOST
        try:
            with self._lock:
                if self._told.is_set():
                    return _LOST
                self._connection = connection
            return self._hear(connection, place)
        except channel.ChannelError as reason:
            self._call(self._note, str(reason))
            return _LOST
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    def _reach(self, place):
        """A connection; None when nobody is there, or when we are told otherwise."""
        until = time.monotonic() + REACH_S
        pause_s = 0.05
        while not self._told.is_set():
            try:
                return channel.connect(place, _ANSWER_S)
            except channel.ChannelError:
                if time.monotonic() > until:
                    return None
            self._told.wait(pause_s)
            pause_s = min(pause_s * 2, 1)
        return None

    def _hear(self, connection, place):
        connection.send(dict(self._who, v=1, type="listen"), _ANSWER_S)
        answer = connection.receive(_ANSWER_S)
        if answer is None:
            return _LOST
        if not answer.get("ok"):
            # An agent without this request, without room, or about to end.
            return _BYE
        while True:
            said = connection.receive()
            if said is None:
                return _LOST
            if said.get("type") == "renew":
                self._call(self._answer, place)
            elif said.get("type") == "bye":
                return _TAKEN_OVER if said.get("reason") == "taken_over" else _BYE

    def _answer(self, place):
        site = self._renew()
        if site is not None and site.get("session_token"):
            channel.ask(place, {"v": 1, "type": "renew", "site": site}, _ANSWER_S)

    def _call(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as reason:
            if function is not self._note:
                self._call(self._note, str(reason))
