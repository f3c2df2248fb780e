"""Where the program is. Looks, never starts anything; a bundle's program is made ready by `own_copy`.

Places, first wins: the setting `program_path`, the bundle's `bin/<os>-<arch>/`, the environment
variable TK_INCIDENT_PROGRAM, PATH. A setting whose file is not there falls through: one Toolkit
configuration serves three systems, and a path of one of them is not there on the others.
"""

import os
import stat
import sys

from . import own_copy
from .errors import ProgramMissing

NAME = "tk-incident"
VARIABLE = "TK_INCIDENT_PROGRAM"


def find(setting, bundle_folder, environ):
    # type: (str, str, dict) -> str
    """Return the path to run the program by.

    Raises `ProgramMissing` naming the places looked at, and what `own_copy.ready` raises.
    """
    in_bundle = None
    places = []
    if setting:
        places.append(os.path.expanduser(os.path.expandvars(setting)))
    if bundle_folder:
        in_bundle = os.path.join(bundle_folder, "bin", target(environ), _file_name())
        places.append(in_bundle)
    if environ.get(VARIABLE):
        places.append(environ[VARIABLE])

    for place in places:
        if os.path.isfile(place):
            if place == in_bundle:
                return own_copy.ready(place, bundle_folder, target(environ), environ)
            _repair_execute_bit(place)
            return os.path.abspath(place)

    # Not `shutil.which`: on Windows it looks into the host's current folder first.
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        place = os.path.join(folder, _file_name())
        if (
            os.path.isabs(folder)
            and os.path.isfile(place)
            and os.access(place, os.X_OK)
        ):
            return place
    raise ProgramMissing(places + ["PATH"])


def target(environ):
    # type: (dict) -> str
    """`<os>-<arch>` of this machine, as the folders of a release bundle are named.

    Not `platform.machine()`: on Windows it may start `cmd` or wait for WMI, depending on the
    Python version.
    """
    if sys.platform == "win32":
        system = "windows"
        machine = environ.get("PROCESSOR_ARCHITEW6432") or environ.get(
            "PROCESSOR_ARCHITECTURE", ""
        )
    else:
        system = "macos" if sys.platform == "darwin" else "linux"
        machine = os.uname().machine
    spelling = {"amd64": "x86_64", "x86-64": "x86_64", "arm64": "aarch64"}
    machine = machine.lower()
    return "%s-%s" % (system, spelling.get(machine, machine))


def _file_name():
    return NAME + ".exe" if sys.platform == "win32" else NAME


def _repair_execute_bit(place):
    """A copy made by hand from a Windows machine often has none."""
    if os.name != "posix" or os.access(place, os.X_OK):
        return
    try:
        mode = os.stat(place).st_mode
        os.chmod(place, mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError:
        pass  # not ours to change: starting it will say so
