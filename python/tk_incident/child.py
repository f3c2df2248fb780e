"""Runs the program once: one JSON object on its stdin, an exit code and one JSON line back.

Called on the door's thread only: it waits for the program. The program starts the agent itself
and returns at once; should it hang, it is ended after `LIMIT_S`.
"""

import errno
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

from . import environment
from .errors import CallRefused, CallTimedOut, ProgramUnusable

# Starting a program from a cold network share can take seconds; nobody waits for it.
LIMIT_S = 30
MOST_ANSWER_BYTES = 64 * 1024
MOST_SAID_BYTES = 600

# A copy that was just written cannot be started while another child of this host, on its way to its own program,
# still holds the file that was open when it was forked: moments.
_BUSY_TRIES = 20
_BUSY_PAUSE_S = 0.05


def call(program, verb, message, environ, limit_s=LIMIT_S, arguments=()):
    # type: (str, str, dict, dict, float, tuple) -> dict
    """Run `program verb` with `message` on stdin and wait for its end.

    Returns the object in the one line it prints; an empty one from a program that prints none.

    Raises `ProgramUnusable`, `CallTimedOut` or `CallRefused`. Their texts never hold the session
    token of `message`.
    """
    command = [program, verb] + list(arguments)
    errors = _errors_file()
    try:
        return _call(program, verb, message, environ, limit_s, command, errors)
    finally:
        if errors is not None:
            errors.close()


def _call(program, verb, message, environ, limit_s, command, errors):
    tries_left = _BUSY_TRIES
    while True:
        try:
            child = _start(command, environment.clean(environ), errors)
            break
        except (OSError, ValueError) as reason:
            tries_left -= 1
            if getattr(reason, "errno", None) != errno.ETXTBSY or not tries_left:
                said = getattr(reason, "strerror", None) or reason
                raise ProgramUnusable(program, said)
        _pause()

    # Not `communicate(timeout=…)`: on Windows its write to a full pipe ignores the timeout, and it reads
    # until every process that inherited the other end has closed it.
    timed_out = threading.Event()
    timer = threading.Timer(limit_s, _end, [child, timed_out])
    timer.daemon = True
    timer.start()
    try:
        _hand_over(child.stdin, encode(message))
        line = child.stdout.readline(MOST_ANSWER_BYTES)
        child.wait()
    finally:
        timer.cancel()
        child.stdout.close()

    if timed_out.is_set():
        raise CallTimedOut(program, verb, limit_s)
    if child.returncode != 0:
        said = _said(errors, message)
        raise CallRefused(program, verb, child.returncode, said)
    return _object(line)


def _errors_file():
    """A file and no pipe: nobody has to empty it, and nobody who inherits it keeps us waiting."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None  # a full disk; then the exit code has to do


def _said(errors, message):
    # type: (object, dict) -> str
    """What a program that ended badly had to say (what is wrong with a setting, which library is missing): on one
    line, and without the words that make an incident of a line."""
    if errors is None:
        return ""
    errors.seek(0)
    said = " ".join(errors.read(MOST_SAID_BYTES).decode("utf-8", "replace").split())
    token = (message.get("site") or {}).get("session_token")
    if token and token in said:
        return ""
    said = re.sub("^error: ", "", said)
    return re.sub("ERROR|CRITICAL|Traceback", lambda word: word.group().lower(), said)


def encode(message):
    # type: (dict) -> bytes
    """UTF-8 JSON. A lone surrogate (a file name in no valid encoding) becomes `?`: JSON readers
    refuse the whole object otherwise. A value YAML made into a date or the like becomes text.
    """
    text = json.dumps(message, ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace")


def _pause():
    time.sleep(_BUSY_PAUSE_S)


def _hand_over(stdin, data):
    try:
        stdin.write(data)
        stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended without reading; its exit code tells more
    except OSError as reason:
        # How Windows says the same.
        if reason.errno != errno.EINVAL:
            raise


def _object(line):
    try:
        answer = json.loads(line.decode("utf-8"))
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _start(command, environ, errors):
    options = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL if errors is None else errors,
        # A child that holds Desktop's browser socket would keep the integration from restarting.
        "close_fds": True,
        "cwd": _lasting_folder(environ),
        "env": environ,
    }
    if sys.platform != "win32":
        # Its own session: Ctrl-C in the host's terminal and the end of the host do not reach it.
        return subprocess.Popen(command, start_new_session=True, **options)

    flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        # A host in a job object would take the agent down with it when it ends.
        return subprocess.Popen(
            command,
            creationflags=flags | subprocess.CREATE_BREAKAWAY_FROM_JOB,
            **options,
        )
    except PermissionError:  # the job does not allow to leave it
        return subprocess.Popen(command, creationflags=flags, **options)


def _lasting_folder(environ):
    """The home folder: the bundle's or the host's current folder may be deleted or unmounted."""
    home = environ.get("USERPROFILE" if os.name == "nt" else "HOME", "")
    return home if os.path.isdir(home) else tempfile.gettempdir()


def _end(child, timed_out):
    if child.poll() is None:
        timed_out.set()
        child.kill()
