"""The user's own copy of a bundle's program: made once, whole, checked, and never anything else run."""

import concurrent.futures
import hashlib
import json
import os
import stat
import subprocess
import sys
import time

import pytest

from hosts import REPOSITORY
from tk_incident import own_copy, program
from tk_incident.errors import ManifestUnreadable, ProgramDamaged

CONTENT = b"#!/bin/sh\necho run from $0\n"


class Bundle:
    """A bundle with a program for this machine, and a user with an empty home folder."""

    def __init__(self, folder, version="0.1.0", content=CONTENT):
        self.folder = folder / ("bundle-" + version)
        self.environ = {
            "HOME": str(folder / "home"),
            "LOCALAPPDATA": str(folder / "home"),
            "PATH": "",
        }
        os.makedirs(self.environ["HOME"], exist_ok=True)
        self.target = program.target(os.environ)
        self.program = self.folder / "bin" / self.target / "tk-incident"
        self.program.parent.mkdir(parents=True)
        self.program.write_bytes(content)
        self.describe(version=version)

    def describe(self, **changes):
        content = self.program.read_bytes()
        entry = {
            "file": "tk-incident",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        manifest = dict({"v": 1, "version": "0.1.0"}, **changes)
        manifest.setdefault("programs", {self.target: entry})
        (self.folder / "bin" / "manifest.json").write_text(json.dumps(manifest))

    def find(self):
        return program.find("", str(self.folder), self.environ)

    def copies(self):
        folder = own_copy.folder(self.environ)
        return sorted(os.listdir(folder)) if folder else []


@pytest.fixture(autouse=True)
def nothing_checked_yet():
    own_copy._checked.clear()


def test_the_program_runs_from_the_users_folder_without_its_bundle(tmp_path):
    bundle = Bundle(tmp_path)
    bundle.program.chmod(0o644)  # an archive without modes

    own = bundle.find()

    assert (
        own.startswith(bundle.environ["HOME"])
        and os.path.basename(own) == "tk-incident"
    )
    assert os.path.basename(os.path.dirname(own)).startswith("0.1.0-")
    assert stat.S_IMODE(os.stat(own).st_mode) == 0o755
    said = subprocess.check_output([own]).decode()
    assert said == "run from %s\n" % own
    # nothing is changed in the bundle, which may be read-only
    assert stat.S_IMODE(bundle.program.stat().st_mode) == 0o644


def test_a_right_copy_is_used_as_it_is(tmp_path):
    bundle = Bundle(tmp_path)
    first = os.stat(bundle.find())
    own_copy._checked.clear()  # another host
    second = os.stat(bundle.find())
    assert (first.st_ino, first.st_mtime) == (second.st_ino, second.st_mtime)


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], CONTENT.replace(b"run", b"RUN")])
def test_a_wrong_copy_is_made_anew(tmp_path, damage):
    bundle = Bundle(tmp_path)
    own = bundle.find()
    with open(own, "wb") as file:
        file.write(damage)
    own_copy._checked.clear()
    assert bundle.find() == own
    with open(own, "rb") as file:
        assert file.read() == CONTENT


def test_what_the_manifest_does_not_vouch_for_is_not_run(tmp_path):
    bundle = Bundle(tmp_path)
    bundle.program.write_bytes(CONTENT.replace(b"run", b"RUN"))
    with pytest.raises(ProgramDamaged) as refusal:
        bundle.find()
    assert str(bundle.program) in str(refusal.value)
    (folder,) = bundle.copies()
    assert os.listdir(os.path.join(own_copy.folder(bundle.environ), folder)) == []

    for changes in ({"v": 2}, {"programs": {}}, {"programs": {bundle.target: {}}}):
        bundle.describe(**changes)
        with pytest.raises(ManifestUnreadable):
            bundle.find()
    (bundle.folder / "bin" / "manifest.json").write_text("{")
    with pytest.raises(ManifestUnreadable):
        bundle.find()


def test_a_damaged_bundle_does_not_matter_once_there_is_a_copy(tmp_path):
    bundle = Bundle(tmp_path)
    own = bundle.find()
    bundle.program.write_bytes(b"not what it was")
    own_copy._checked.clear()
    assert bundle.find() == own


def test_a_bundle_made_by_hand_is_copied_by_its_content(tmp_path):
    bundle = Bundle(tmp_path)
    os.remove(str(bundle.folder / "bin" / "manifest.json"))
    first = bundle.find()
    bundle.program.write_bytes(CONTENT + b"exit 1\n")
    second = bundle.find()
    assert first != second and os.path.exists(first)
    with open(second, "rb") as file:
        assert file.read() == CONTENT + b"exit 1\n"


def test_hosts_that_start_at_the_same_moment_make_one_copy(tmp_path):
    bundle = Bundle(tmp_path, content=CONTENT + b"#" * 3_000_000)
    with concurrent.futures.ThreadPoolExecutor(8) as together:
        places = set(together.map(lambda _: bundle.find(), range(8)))
    (own,) = places
    assert os.listdir(os.path.dirname(own)) == ["tk-incident"]
    assert os.path.getsize(own) == len(CONTENT) + 3_000_000


@pytest.mark.parametrize("obstacle", ["noexec", "read-only", "taken"])
def test_without_a_folder_for_copies_the_bundles_own_is_checked_and_run(
    tmp_path, monkeypatch, obstacle
):
    bundle = Bundle(tmp_path)
    if obstacle == "noexec":
        real = os.statvfs

        class NoExec:
            f_flag = os.ST_NOEXEC

        monkeypatch.setattr(
            own_copy.os,
            "statvfs",
            lambda path: (
                NoExec if path.startswith(bundle.environ["HOME"]) else real(path)
            ),
        )
    elif obstacle == "read-only":
        # As root every mode may be written to; a folder of the kernel's may not.
        bundle.environ["XDG_DATA_HOME"] = "/proc"
    else:
        (tmp_path / "home" / ".local").write_text("a file where a folder should be")
    assert bundle.find() == str(bundle.program)
    assert os.access(bundle.find(), os.X_OK)
    bundle.program.write_bytes(b"somebody else's")
    with pytest.raises(ProgramDamaged):
        bundle.find()


def test_a_full_disk_leaves_nothing_half_and_runs_the_bundles_own(
    tmp_path, monkeypatch
):
    bundle = Bundle(tmp_path)

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own_copy.os, "replace", full)
    assert bundle.find() == str(bundle.program)
    (folder,) = bundle.copies()
    assert os.listdir(os.path.join(own_copy.folder(bundle.environ), folder)) == []


def test_a_host_that_died_while_it_copied_harms_nobody(tmp_path):
    bundle = Bundle(tmp_path)
    own = bundle.find()
    half = os.path.join(os.path.dirname(own), ".new-half")
    for age_s, stays in ((0, True), (7200, False)):
        with open(half, "wb") as file:
            file.write(CONTENT[:5])
        os.utime(half, (time.time() - age_s,) * 2)
        assert bundle.find() == own
        assert os.path.exists(half) == stays


def test_copies_that_nobody_used_for_longest_go(tmp_path):
    bundles = [Bundle(tmp_path, "0.%d.0" % n, CONTENT + b"#%d" % n) for n in range(5)]
    # What else is in that folder is no copy.
    with open(os.path.join(own_copy.folder(bundles[0].environ), "at-login"), "w"):
        pass
    for age, bundle in enumerate(bundles):
        own = bundle.find()
        moment = time.time() - 1000 + age
        os.utime(os.path.dirname(own), (moment, moment))
    assert [name.split("-")[0] for name in bundles[0].copies()] == [
        "0.2.0",
        "0.3.0",
        "0.4.0",
        "at",
    ]

    # Whoever goes back to an old version gets it again, and the one used last stays.
    bundles[0].find()
    assert [name.split("-")[0] for name in bundles[0].copies()] == [
        "0.0.0",
        "0.3.0",
        "0.4.0",
        "at",
    ]


def test_a_program_that_an_admin_named_is_run_where_it_is(tmp_path):
    bundle = Bundle(tmp_path)
    named = tmp_path / "tools" / "tk-incident"
    named.parent.mkdir()
    named.write_bytes(CONTENT)
    named.chmod(0o755)
    assert program.find(str(named), str(bundle.folder), bundle.environ) == str(named)
    assert bundle.copies() == []


def test_the_folder_is_where_each_system_keeps_such_things(tmp_path, monkeypatch):
    home = str(tmp_path)
    for system, environ, folder in (
        ("linux", {"HOME": home}, ".local/share/tk-incident-programs"),
        (
            "linux",
            {"HOME": home, "XDG_DATA_HOME": home + "/x"},
            "x/tk-incident-programs",
        ),
        (
            "linux",
            {"HOME": home, "XDG_DATA_HOME": "x"},
            ".local/share/tk-incident-programs",
        ),
        ("darwin", {"HOME": home}, "Library/Application Support/tk-incident-programs"),
        ("win32", {"LOCALAPPDATA": home + "/Local"}, "Local/tk-incident-programs"),
    ):
        monkeypatch.setattr(own_copy.sys, "platform", system)
        assert own_copy.folder(environ) == os.path.join(home, folder)
    assert own_copy.folder({}) is None


def test_another_process_makes_the_same_choice(tmp_path):
    """What one host copied, the next one finds: the name depends on nothing of the process."""
    bundle = Bundle(tmp_path)
    own = bundle.find()
    source = (
        "import sys; sys.path.insert(0, %r); from tk_incident import program; "
        "print(program.find('', %r, %r))"
        % (os.path.join(REPOSITORY, "python"), str(bundle.folder), bundle.environ)
    )
    said = subprocess.check_output([sys.executable, "-c", source])
    assert said.decode().strip() == own
