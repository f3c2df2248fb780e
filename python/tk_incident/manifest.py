"""What a release bundle says of its programs: `bin/manifest.json`, written when the bundle was made.

    {"v": 1, "version": "0.1.0",
     "programs": {"linux-x86_64": {"file": "tk-incident", "bytes": 123, "sha256": "…"}}}

The entry for Windows has the same about its second program in `starter`; that of an older bundle has not.
A source checkout has no manifest, and then nothing can be checked.
"""

import io
import json
import os

from .errors import ManifestUnreadable

FORMAT = 1


class Content(object):
    """What is in a file."""

    def __init__(self, size_bytes, sha256):
        self.size_bytes = size_bytes
        self.sha256 = sha256


class Entry(object):
    """One program of the bundle, as it was when the bundle was made; `starter` may be None."""

    def __init__(self, version, program, starter):
        self.version = version
        self.program = program
        self.starter = starter


def entry(bundle_folder, target):
    # type: (str, str) -> object
    """Return the `Entry` of the program for `target`; None in a bundle without a manifest.

    Raises `ManifestUnreadable` for one that is there and does not vouch for this program: what is not
    vouched for is not started.
    """
    path = os.path.join(bundle_folder, "bin", "manifest.json")
    try:
        with io.open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except (IOError, OSError) as reason:
        if not os.path.exists(path):
            return None
        raise ManifestUnreadable(path, reason.strerror or reason)
    except ValueError:
        raise ManifestUnreadable(path, "it is no JSON")
    try:
        if manifest["v"] != FORMAT:
            raise ManifestUnreadable(path, "its format is %s" % manifest["v"])
        program = manifest["programs"][target]
        starter = program.get("starter")
        return Entry(
            str(manifest["version"]),
            _content(program),
            None if starter is None else _content(starter),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ManifestUnreadable(path, "it does not tell of %s" % target)


def _content(told):
    return Content(int(told["bytes"]), str(told["sha256"]).lower())
