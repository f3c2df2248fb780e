"""Programs that play `tk-incident` for the tests of the door, where the real one would only be in
the way: they write down what they get, or misbehave."""

import json
import os
import sys

RECORDER = """\
import json, os, sys
with open(%(record)r, "a", encoding="utf-8") as record:
    record.write(json.dumps({
        "arguments": sys.argv[1:],
        "stdin": sys.stdin.buffer.read().decode("utf-8"),
        "environ": dict(os.environ),
        "folder": os.getcwd(),
        "session": os.getsid(0),
        "files": sorted(os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd")
                        if os.path.exists("/proc/self/fd/" + fd)),
    }) + "\\n")
sys.exit(%(exit_code)d)
"""

# Says that it runs, then hangs until the test makes the file `release`. Never reads its stdin.
HANGER = """\
import os, time
with open(%(running)r + ".new", "w") as running:
    running.write(str(os.getpid()))
os.replace(%(running)r + ".new", %(running)r)
while not os.path.exists(%(release)r):
    time.sleep(0.05)
"""


class Recorder:
    """A program that writes down each call and ends with `exit_code`."""

    def __init__(self, folder, exit_code=0):
        self._record = str(folder / "calls")
        self.path = write(
            folder / "tk-incident",
            RECORDER % {"record": self._record, "exit_code": exit_code},
        )

    def calls(self):
        if not os.path.exists(self._record):
            return []
        with open(self._record, encoding="utf-8") as record:
            return [json.loads(line) for line in record]


class Hanger:
    """A program that hangs until `release()`."""

    def __init__(self, folder):
        self._running = str(folder / "running")
        self._release = str(folder / "release")
        self.path = write(
            folder / "tk-incident",
            HANGER % {"running": self._running, "release": self._release},
        )

    def started(self):
        return os.path.exists(self._running)

    def hanging(self):
        """True while the copy that started last is still there."""
        with open(self._running) as running:
            return os.path.exists("/proc/" + running.read())

    def release(self):
        open(self._release, "w").close()


def write(path, source):
    """Make a program out of Python source and return its path."""
    with open(str(path), "w", encoding="utf-8") as program:
        program.write("#!%s\n%s" % (sys.executable, source))
    os.chmod(str(path), 0o755)
    return str(path)
