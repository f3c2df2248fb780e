"""The user's own copy of the program that a bundle brings: checked, then run from there.

A bundle's folder is no place to run an agent from that outlives it: bundle caches are shared, read-only,
`noexec`, unpacked without execute bits, or deleted under a running host, and Windows locks a program that
runs. So the program is copied to a folder of the user's, named by version and content; nothing is run whose
content is not what the bundle's manifest says. A program that an admin named (a setting, a variable, PATH)
is theirs and is run where it is: it does not come here.

On Windows a second program goes along, which an entry for the login starts so that no window opens. Without it the
first one does as well: a bundle may have none, and a virus scanner may have taken it away.

On the door's thread only: a copy from a cold share takes seconds.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time

from . import manifest
from .errors import ProgramDamaged

FOLDER = "tk-incident-programs"

# Of the copies of other versions, those used last stay: an entry for the login may still name them.
_OTHERS_KEPT = 2
_NEW = ".new-"
# A host that died while it copied leaves a file; one that is at it is quicker than this.
_ABANDONED_S = 3600
_BLOCK_BYTES = 1024 * 1024

# What this process has read through already, as (path, size, time of writing, digest).
_checked = set()
_checked_lock = threading.Lock()


def ready(place, bundle_folder, target, environ):
    # type: (str, str, str, dict) -> str
    """Return the path to run the bundle's program `place` by.

    Raises `ProgramDamaged` or `ManifestUnreadable` when its content is not vouched for. Without a folder
    that a copy can run from, it is the program in the bundle, checked like a copy.
    """
    expected = manifest.entry(bundle_folder, target)
    if expected is None:
        expected = _as_it_is(place)
    digest, size_bytes = expected.program.sha256, expected.program.size_bytes

    home = folder(environ)
    if home is not None:
        own = os.path.join(
            home,
            "%s-%s" % (_plain(expected.version), digest[:16]),
            os.path.basename(place),
        )
        if _is_right(own, size_bytes, digest) or _copied(place, own, digest):
            _make_executable(own)
            _bring_starter(place, own, expected.starter)
            _use(os.path.dirname(own), home, os.path.basename(own))
            return own

    if not _is_right(place, size_bytes, digest):
        raise ProgramDamaged(place)
    starter = _starter_of(place)
    if starter is not None and os.path.isfile(starter):
        if expected.starter is None or not _is_content(starter, expected.starter):
            raise ProgramDamaged(starter)
    _make_executable(place)
    return place


def _as_it_is(place):
    """The entry of a bundle that was made by hand."""

    def content(path):
        return manifest.Content(os.path.getsize(path), _digest(path))

    starter = _starter_of(place)
    try:
        of_starter = None if starter is None else content(starter)
    except (IOError, OSError):
        of_starter = None  # there is none, or a scanner holds it
    return manifest.Entry("unversioned", content(place), of_starter)


def _starter_of(place):
    """The path of the second program that belongs to the one at `place`; None but on Windows."""
    parent, name = os.path.split(place)
    if name.lower() != "tk-incident.exe":
        return None
    return os.path.join(parent, "tk-incidentw.exe")


def _bring_starter(place, own, expected):
    """Have the second program beside the copy of the first. None that is not vouched for stays there."""
    source, target = _starter_of(place), _starter_of(own)
    if target is None:
        return
    if expected is not None:
        if _is_content(target, expected):
            return
        try:
            if os.path.isfile(source) and _copied(source, target, expected.sha256):
                return
        except ProgramDamaged:
            pass  # the entry for the login starts the program itself then
    _remove(target)


def _is_content(path, content):
    return _is_right(path, content.size_bytes, content.sha256)


def folder(environ):
    # type: (dict) -> object
    """Return the folder of this user's copies, which is there then; None if there can be none."""
    base = _base(environ)
    if not base or not os.path.isabs(base):
        return None
    path = os.path.join(base, FOLDER)
    try:
        _make(path)
        forbids = getattr(os, "ST_NOEXEC", 0)
        if forbids and os.statvfs(path).f_flag & forbids:
            return None
        # A shared machine account may have left a folder of somebody else's here.
        if hasattr(os, "geteuid") and os.stat(path).st_uid != os.geteuid():
            return None
    except OSError:
        return None
    return path


def _make(path):
    """Make a folder of this user's. Another host may be quicker at each part of the way."""
    for _ in path.split(os.sep):
        if os.path.isdir(path):
            return
        try:
            return os.makedirs(path, 0o700)
        except FileExistsError:
            pass
    os.makedirs(path, 0o700)


def _base(environ):
    if sys.platform == "win32":
        return environ.get("LOCALAPPDATA") or environ.get("APPDATA")
    home = environ.get("HOME", "")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Application Support")
    data = environ.get("XDG_DATA_HOME", "")
    return data if os.path.isabs(data) else os.path.join(home, ".local", "share")


def _is_right(path, size_bytes, digest):
    """Whether the file at `path` has this content. It is read through once in a process."""
    try:
        there = os.stat(path)
        known = (path, there.st_size, there.st_mtime, digest)
        with _checked_lock:
            if known in _checked:
                return True
        if there.st_size != size_bytes or _digest(path) != digest:
            return False
    except (IOError, OSError):
        return False
    with _checked_lock:
        _checked.add(known)
    return True


def _copied(place, own, digest):
    """Copy the program, whole or not at all. Returns False where the folder does not take it."""
    parent = os.path.dirname(own)
    new = None
    try:
        _make(parent)
        handle, new = tempfile.mkstemp(prefix=_NEW, dir=parent)
        with os.fdopen(handle, "wb") as target, open(place, "rb") as source:
            if _digest_of(source, target.write) != digest:
                raise ProgramDamaged(place)
        os.chmod(new, 0o755)
        os.replace(new, own)
        new = None
        there = os.stat(own)
    except (IOError, OSError):
        # A full disk; on Windows a wrong copy that somebody runs, or a scanner that took the right one away at once.
        return False
    finally:
        if new is not None:
            _remove(new)
    with _checked_lock:
        _checked.add((own, there.st_size, there.st_mtime, digest))
    return True


def _digest(path):
    with open(path, "rb") as file:
        return _digest_of(file, lambda block: None)


def _digest_of(file, also):
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(_BLOCK_BYTES), b""):
        digest.update(block)
        also(block)
    return digest.hexdigest()


def _make_executable(path):
    """Archives made on Windows carry no execute bits, and Toolkit unpacks them as they are."""
    if os.name != "posix" or os.access(path, os.X_OK):
        return
    try:
        os.chmod(path, os.stat(path).st_mode | 0o755)
    except OSError:
        pass  # a read-only bundle: starting it will say so


def _use(current, home, name_of_program):
    """Mark the copy as used, and remove what nobody has used for longest."""
    try:
        os.utime(current, None)
        others = sorted(
            (
                os.path.join(home, name)
                for name in os.listdir(home)
                if os.path.join(home, name) != current
                and os.path.isdir(os.path.join(home, name))
            ),
            key=os.path.getmtime,
            reverse=True,
        )
    except OSError:
        return  # another host cleans up at this moment
    for other in others[_OTHERS_KEPT:]:
        # A copy that runs: Windows keeps the program, and then the folder stays whole, because an entry for the
        # login may need the rest of it. Elsewhere the running program does not notice.
        program = os.path.join(other, name_of_program)
        _remove(program)
        if not os.path.exists(program):
            shutil.rmtree(other, ignore_errors=True)
    for name in _listed(current):
        path = os.path.join(current, name)
        if name.startswith(_NEW) and _age_s(path) > _ABANDONED_S:
            _remove(path)


def _listed(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def _age_s(path):
    try:
        return time.time() - os.path.getmtime(path)
    except OSError:
        return 0


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass  # it is gone, or the next one tries again


def _plain(version):
    """A version as a part of a folder's name."""
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in version)[:40]
