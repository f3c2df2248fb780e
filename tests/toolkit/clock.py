"""The machine's wall clock, for the programs of one test: libfaketime reads from a file by how much it is wrong,
and hosts read the same file.

Steady time goes on as it is, and so do the times of files: setting a clock changes neither.
"""

import glob
import os

import pytest

# Debian has it in a folder for the processor, Fedora and Arch in none.
LIBRARIES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)


class Clock:
    """`environ` is for the program, `of_hosts` for hosts."""

    def __init__(self, folder):
        found = [path for library in LIBRARIES for path in glob.glob(library)]
        if not found:
            pytest.fail(
                "libfaketime is missing (Debian's package `faketime`); `cargo xtask test` installs it",
                pytrace=False,
            )
        self._path = str(folder / "clock")
        self.set(0)
        self.environ = {
            "LD_PRELOAD": found[0],
            "FAKETIME_TIMESTAMP_FILE": self._path,
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.of_hosts = {"LIVE_CLOCK": self._path}

    def set(self, seconds):
        """So many seconds after the time that it is; less than 0 for before."""
        with open(self._path + ".new", "w") as file:
            file.write("%+d\n" % seconds)
        os.replace(self._path + ".new", self._path)
