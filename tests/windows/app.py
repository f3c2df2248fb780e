"""The Toolkit app's way to the agent, in a Python of Windows: starts it, asks it, listens to it, ends it.

    python app.py FOLDER_WITH_TK_INCIDENT PROGRAM URL

Prints what it got, one JSON value a line.
"""

import ctypes
import json
import os
import sys
import threading
import time
from ctypes import wintypes

sys.path.insert(0, sys.argv[1])

from tk_incident import channel, child  # noqa: E402
from tk_incident.place import Place  # noqa: E402

PATIENCE_S = 60


def say(value):
    print(json.dumps(value), flush=True)


def ask(name, request):
    """An agent that was just started takes a moment to be there."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return channel.ask(name, dict(request, v=1), PATIENCE_S)
        except channel.NobodyThere:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def listening(name):
    connection = channel.connect(name, PATIENCE_S)
    connection.send({"v": 1, "type": "listen", "pid": os.getpid(), "started": "today"}, PATIENCE_S)
    return connection, connection.receive(PATIENCE_S)


class SecurityAttributes(ctypes.Structure):
    _fields_ = [("length", wintypes.DWORD), ("descriptor", ctypes.c_void_p), ("inherit", wintypes.BOOL)]


def strangers_pipe(name):
    """A pipe under this name that belongs to the system, as far as its owner tells, and lets everybody in.

    Where an agent was, the name is free when it is gone.
    """
    security = ctypes.WinDLL("advapi32", use_last_error=True)
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    descriptor = ctypes.c_void_p()
    made = security.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        "O:SYD:(A;;GA;;;WD)", 1, ctypes.byref(descriptor), None
    )
    assert made, ctypes.WinError(ctypes.get_last_error())
    attributes = SecurityAttributes(ctypes.sizeof(SecurityAttributes), descriptor, False)
    kernel.CreateNamedPipeW.restype = wintypes.HANDLE
    duplex, instances = 3, 1
    until = time.monotonic() + PATIENCE_S
    pipe = none = ctypes.c_void_p(-1).value
    while pipe == none:
        pipe = kernel.CreateNamedPipeW(name, duplex, 0, instances, 512, 512, 0, ctypes.byref(attributes))
        assert pipe != none or time.monotonic() < until, ctypes.WinError(ctypes.get_last_error())
        time.sleep(0.05)


def main():
    session = {"v": 1, "type": "attach", "site": {"url": sys.argv[3]}}
    attached = child.call(sys.argv[2], "attach", session, dict(os.environ), PATIENCE_S)
    say(attached)
    name = attached["channel"]
    say(ask(name, {"type": "status"})["version"])

    # Another thread ends the waiting.
    connection, answer = listening(name)
    say(answer["ok"])
    ended = []
    waiting = threading.Thread(target=lambda: ended.append(connection.receive()))
    waiting.start()
    waiting.join(0.2)
    connection.hang_up()
    waiting.join(PATIENCE_S)
    say(ended)
    connection.close()

    connection, _ = listening(name)
    say(ask(name, {"type": "stop"})["ok"])
    say(connection.receive(PATIENCE_S)["type"])
    connection.close()

    # Nobody is told anything whose pipe is not this user's.
    strangers_pipe(name)
    try:
        channel.connect(name, PATIENCE_S)
    except channel.NobodyThere as refused:
        say(str(refused))

    # Nor does that keep an agent from starting, and from being found.
    attached = child.call(sys.argv[2], "attach", session, dict(os.environ), PATIENCE_S)
    say(attached["channel"] == name)
    place = Place.of(attached)
    say([warning["what"] for warning in ask(place, {"type": "status"})["warnings"]])
    again = child.call(sys.argv[2], "attach", session, dict(os.environ), PATIENCE_S)
    say([again["channel"]] == place.names()[:1])
    say(ask(place, {"type": "stop"})["ok"])


main()
