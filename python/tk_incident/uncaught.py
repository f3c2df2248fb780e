"""Exceptions that nobody catches: hooks of ours in front of those of Python, the host and the studio.

The hook before ours is called first, always, and as if ours were not there. A hook that somebody puts in front of ours later stays
when ours goes: then ours only leads on. Python 3.7 has no hook for threads; wrapping `Thread.run` would reach into every
thread of the host, so there exceptions of threads are not seen. Which exceptions are told is decided in
`docs/decisions/0015-uncaught-exceptions.md`.
"""

import os
import re
import sys
import threading

from .frameless import Frameless

# Toolkit imports a bundle's `python` folder under tkimp<32 hex>, and app.py, engine.py and hooks under 32 hex.
_TOOLKIT = re.compile(r"(?:tkimp)?[0-9a-f]{32}(?:\.|$)|(?:tank|sgtk)(?:\.|$)")
_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Hooks(object):
    """The hooks of one session.

    :param tell: called with the exception without its frames, and the name of the thread or None; on the thread it came from.
    :param every: tell of exceptions that do not pass through Toolkit as well.
    """

    def __init__(self, tell, every):
        self._tell = tell
        self._every = every
        self._pid = os.getpid()
        self._is_on = False
        self._here = threading.local()
        self._before_main = None
        self._before_thread = None
        # Kept: a bound method is another object each time, and these are compared.
        self._main_hook = self._main
        self._thread_hook = self._thread

    def install(self):
        # type: () -> None
        """Put ours in front; a second time changes nothing."""
        if self._is_on:
            return
        self._is_on = True
        # One of ours that could not be taken out is there still.
        if self._before_main is None:
            self._before_main, sys.excepthook = sys.excepthook, self._main_hook
        if self._before_thread is None and hasattr(threading, "excepthook"):
            before, threading.excepthook = threading.excepthook, self._thread_hook
            self._before_thread = before

    def remove(self):
        # type: () -> None
        """Tell nothing any more, and take ours out where nobody stands in front of it."""
        self._is_on = False
        if self._before_main is not None and sys.excepthook is self._main_hook:
            sys.excepthook, self._before_main = self._before_main, None
        if (
            self._before_thread is not None
            and threading.excepthook is self._thread_hook
        ):
            threading.excepthook, self._before_thread = self._before_thread, None

    def _main(self, kind, value, trace):
        try:
            self._before_main(kind, value, trace)
        finally:
            self._look(kind, value, trace, None)

    def _thread(self, args):
        try:
            self._before_thread(args)
        finally:
            name = getattr(args.thread, "name", None)
            self._look(args.exc_type, args.exc_value, args.exc_traceback, name or "?")

    def _look(self, kind, value, trace, thread_name):
        try:
            if (
                not self._is_on
                or os.getpid() != self._pid
                or getattr(self._here, "busy", False)
                or not issubclass(kind, Exception)  # Ctrl-C, and a wish to end
                or not is_ours_to_tell(trace, self._every)
            ):
                return
            self._here.busy = True
            try:
                self._tell(Frameless(kind, value, trace), thread_name)
            finally:
                self._here.busy = False
        except Exception:
            pass  # the host has heard of it; that is what counts


def is_ours_to_tell(trace, every):
    # type: (object, bool) -> bool
    """Whether an exception that took this way is one for the agent.

    :param every: any that comes from a file, not only one that passes through Toolkit.
    """
    has_file = passes_toolkit = False
    innermost = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        innermost = code.co_filename
        # What somebody has typed in is <string>, <stdin>, <maya console> and the like.
        has_file = has_file or not innermost.startswith("<")
        module = trace.tb_frame.f_globals.get("__name__")
        passes_toolkit = passes_toolkit or (
            isinstance(module, str) and _TOOLKIT.match(module) is not None
        )
        trace = trace.tb_next
    if os.path.abspath(innermost).startswith(_OWN_FOLDER):
        return False  # our own trouble must never become an incident
    return has_file and (every or passes_toolkit)
