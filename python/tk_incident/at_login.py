"""The entry by which an agent starts at login, where an admin wants one (setting `start_at_login`).

The program writes it. Asked once for each program, so that an artist who has switched it off is not overruled at
the next start; a new version asks once more, because the entry names the program's own place.
"""

import io
import os

from . import child, own_copy

_MARKER = "at-login"


def ask_once(program, environ):
    # type: (str, dict) -> None
    """Have the entry written, unless this program has been asked before. On the door's thread: it waits.

    Raises what `child.call` raises; the next attach asks again.
    """
    folder = own_copy.folder(environ)
    marker = None if folder is None else os.path.join(folder, _MARKER)
    stamp = _stamp(program)
    if marker is not None and _read(marker) == stamp:
        return
    child.call(program, "autostart", {}, environ, arguments=("on",))
    if marker is not None:
        try:
            with io.open(marker, "w", encoding="utf-8") as file:
                file.write(stamp)
        except (IOError, OSError):
            pass  # asked once more then, which changes nothing


def _stamp(program):
    # An admin's program is replaced in its place.
    about = os.stat(program)
    name = program.encode("utf-8", "replace").decode("utf-8")
    return "%s %d %d" % (name, about.st_size, about.st_mtime)


def _read(marker):
    try:
        with io.open(marker, encoding="utf-8") as file:
            return file.read()
    except (IOError, OSError, ValueError):
        return None
