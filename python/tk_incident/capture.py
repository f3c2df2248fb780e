"""Direct capture: records of Toolkit's loggers, and exceptions that nobody catches, handed to the agent by the host itself.

The agent reads the logs with or without it. What it adds is in `docs/capture.md`: the logger behind Desktop's pipe, what never
reaches a log, and what two hosts that roll one log over take from each other. On the host's thread a record is formatted and put
down, nothing else; here nothing is logged, raised or asked.
"""

import atexit
import logging
import os
import threading
import time

from .frameless import Frameless
from .outbox import Outbox
from .uncaught import Hooks

# A record's text is cut to this: head and tail, as the agent's own reader does.
MOST_CHARACTERS = 128 * 1024

_HOST = "its log is often shared by several processes, which lose records of each other when it rolls over"
# Where records are captured with "auto", by the engine's system name, and why.
RECORDS = {
    "tk-desktop": "a project's process passes its records on to Desktop, which writes them without their logger",
    "tk-maya": _HOST,
    "tk-nuke": _HOST,
    "tk-hiero": _HOST,
    "tk-nukestudio": _HOST,
    "tk-houdini": _HOST,
    "tk-3dsmax": _HOST,
    "tk-3dsmaxplus": _HOST,
    "tk-motionbuilder": _HOST,
    "tk-mari": _HOST,
    "tk-photoshopcc": _HOST,
    "tk-aftereffects": _HOST,
    "tk-vred": _HOST,
    "tk-unreal": _HOST,
}
_CONSOLE = "an exception that nobody catches is in the host's console only"
# Where exceptions that nobody catches are captured with "auto".
UNCAUGHT = {
    "tk-maya": _CONSOLE,
    "tk-nuke": _CONSOLE,
    "tk-hiero": _CONSOLE,
    "tk-nukestudio": _CONSOLE,
    "tk-houdini": _CONSOLE,
    "tk-3dsmax": _CONSOLE,
    "tk-3dsmaxplus": _CONSOLE,
    "tk-mari": _CONSOLE,
    "tk-photoshopcc": _CONSOLE,
    "tk-aftereffects": _CONSOLE,
    "tk-vred": _CONSOLE,
    "tk-unreal": _CONSOLE,
    "tk-motionbuilder": "an exception that nobody catches is in a message box only",
    "tk-flame": "an exception that nobody catches is in the engine's own log only, which is elsewhere",
}
# Where they never are: the engine has a hook of its own, which logs them.
LOGGED_BY_ENGINE = frozenset(["tk-desktop", "tk-alias"])


def wanted(setting, engine, is_project):
    # type: (str, str, bool) -> tuple
    """Return whether records, and whether exceptions that nobody catches, are captured.

    :param setting: `direct_capture` of `info.yml`. What is none of its words counts as "auto".
    :param engine: system name of the engine, or None.
    :param is_project: whether the session works on a project; Desktop's site process does not.
    """
    if setting == "off":
        return (False, False)
    if setting == "on":
        return (True, engine not in LOGGED_BY_ENGINE)
    records = engine in RECORDS and (engine != "tk-desktop" or is_project)
    return (records, engine in UNCAUGHT)


class Capture(object):
    """The capture of one session. One that wants nothing costs nothing.

    :param wants: see `wanted`.
    :param who: `pid` and `started` of the session, as in its attach.
    :param log_manager: `sgtk.LogManager()`.
    :param engine_logger: name of the engine's logger.
    :param own_name: instance name of our app: what it logs is never captured.
    :param every_uncaught: also exceptions that do not pass through Toolkit.
    """

    def __init__(
        self, wants, who, log_manager, engine_logger, own_name, every_uncaught
    ):
        self._wants_records, self._wants_uncaught = wants
        self._root = log_manager.root_logger
        self._engine_logger = engine_logger

        def head():
            # The host may begin a log, or end it, at any time.
            return dict(who, v=1, type="records", log_file=log_manager.log_file)

        self._outbox = Outbox(head)
        self._handler = _Handler(self._outbox, own_name)
        self._hooks = Hooks(self._uncaught, every_uncaught)

    @property
    def is_on(self):
        # type: () -> bool
        """Whether anything is captured."""
        return self._wants_records or self._wants_uncaught

    def start(self):
        # type: () -> None
        """Begin; a second time changes nothing."""
        if self._wants_records and self._handler not in self._root.handlers:
            self._root.addHandler(self._handler)
        if self._wants_uncaught:
            self._hooks.install()
        if self.is_on:
            atexit.unregister(self._outbox.end)
            atexit.register(self._outbox.end)

    def reach(self, place):
        # type: (object) -> None
        """The agent is there, at this place."""
        if place and self.is_on:
            self._outbox.reach(place)

    def stop(self):
        # type: () -> None
        """End; what waits is still handed over."""
        self._root.removeHandler(self._handler)
        self._hooks.remove()
        if self._outbox.is_empty:
            atexit.unregister(self._outbox.end)

    def _uncaught(self, error, thread_name):
        """An exception that nobody has caught, without its frames."""
        where = " in thread %s" % thread_name if thread_name else ""
        _put(
            self._outbox,
            time.time(),
            {
                "level": "ERROR",
                "logger": self._engine_logger,
                "message": "Uncaught exception" + where,
                "uncaught": True,
                "thread": thread_name,
            },
            error,
        )


class _Handler(logging.Handler):
    """Puts records of the highest levels down."""

    def __init__(self, outbox, own_name):
        logging.Handler.__init__(self, logging.ERROR)
        self._outbox = outbox
        self._own_part = "." + own_name + "."
        self._pid = os.getpid()
        self._here = threading.local()

    def handle(self, record):
        """As in `logging`, but without the lock: `emit` needs none, and waiting for one is the host's time."""
        # Toolkit may set the level of every handler there is.
        if record.levelno < logging.ERROR:
            return False
        passes = self.filter(record)
        if isinstance(passes, logging.LogRecord):
            record = passes
        if passes:
            self.emit(record)
        return passes

    def emit(self, record):
        # A fork of the host is no session, and holds copies of our locks.
        if os.getpid() != self._pid:
            return
        # A text that logs while it is made.
        if getattr(self._here, "busy", False):
            self._outbox.drop()
            return
        self._here.busy = True
        try:
            self._take(record)
        except Exception:
            self._outbox.drop()
        finally:
            self._here.busy = False

    def _take(self, record):
        if self._own_part in "." + record.name + ".":
            return
        message = record.getMessage()
        # Another process's record, which that process hands over itself.
        if message.startswith("[PROXY]"):
            return
        error = record.exc_text
        if not error and record.exc_info and record.exc_info[0] is not None:
            error = Frameless(*record.exc_info)
        _put(
            self._outbox,
            record.created,
            {
                "level": record.levelname,
                "logger": record.name,
                "message": message,
                "stack": record.stack_info,
                "thread": record.threadName,
                "msecs": record.msecs,
            },
            error,
        )


def _put(outbox, created, fields, error):
    # What waits is cut already: a text of megabytes is not held for the part of it that is sent.
    fields["message"] = _cut(fields["message"])
    size = len(fields["message"]) + 200
    if isinstance(error, str):
        error = _cut(error)
        size += len(error)
    elif error is not None:
        size += error.characters
    outbox.put(size, lambda: _record(created, fields, error))


def _record(created, fields, error):
    """The record as the agent reads it. Lines of source are looked up here, not on the host's thread."""
    if error is not None and not isinstance(error, str):
        error = error.format().rstrip("\n")
    stack = fields.get("stack")
    below = "\n".join(part for part in (error, stack) if part)
    # As `logging.Formatter` does it: Toolkit's log shows exactly this.
    milliseconds = int(fields.get("msecs", created % 1 * 1000))
    return {
        "time": "%s,%03d"
        % (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(created)), milliseconds),
        "time_ms": int(created * 1000),
        "level": fields["level"],
        "logger": fields["logger"],
        "message": fields["message"],
        "exception": _cut(below) or None,
        "uncaught": fields.get("uncaught", False),
        "thread": fields.get("thread"),
    }


def _cut(text):
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    left_out = len(text) - 2 * half
    return "%s\n[... %d characters left out ...]\n%s" % (
        text[:half],
        left_out,
        text[-half:],
    )
