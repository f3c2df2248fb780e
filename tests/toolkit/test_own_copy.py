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


STARTER = b"MZ starts it without a window"


class WindowsBundle(Bundle):
    """A bundle with both programs for Windows, which this machine copies as well."""

    def __init__(self, folder):
        super(WindowsBundle, self).__init__(folder)
        self.target = "windows-x86_64"
        self.program = self.folder / "bin" / self.target / "tk-incident.exe"
        self.program.parent.mkdir()
        self.program.write_bytes(CONTENT)
        self.starter = self.program.with_name("tk-incidentw.exe")
        self.starter.write_bytes(STARTER)
        self.tell_of(STARTER)

    def tell_of(self, starter):
        """Write the manifest of a bundle with such a starter, or of one without."""
        entry = self.about("tk-incident.exe", CONTENT)
        if starter is not None:
            entry["starter"] = self.about("tk-incidentw.exe", starter)
        self.describe(programs={self.target: entry})

    @staticmethod
    def about(name, content):
        digest = hashlib.sha256(content).hexdigest()
        return {"file": name, "bytes": len(content), "sha256": digest}

    def ready(self):
        """The copy's path, and what lies in its folder, as a new host finds it."""
        own_copy._checked.clear()
        own = own_copy.ready(
            str(self.program), str(self.folder), self.target, self.environ
        )
        folder = os.path.dirname(own)
        there = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                there[name] = file.read()
        return own, there


BOTH = {"tk-incident.exe": CONTENT, "tk-incidentw.exe": STARTER}
ALONE = {"tk-incident.exe": CONTENT}


def test_what_starts_the_program_without_a_window_goes_along(tmp_path):
    bundle = WindowsBundle(tmp_path)
    own, there = bundle.ready()
    assert own.startswith(bundle.environ["HOME"]) and there == BOTH
    starter = own.replace("tk-incident.exe", "tk-incidentw.exe")

    # a wrong one is made anew, a missing one comes back
    with open(starter, "wb") as file:
        file.write(STARTER.replace(b"starts", b"STARTS"))
    assert bundle.ready() == (own, BOTH)
    os.remove(starter)
    assert bundle.ready() == (own, BOTH)
    # once it is there the bundle's own does not matter
    bundle.starter.write_bytes(b"damaged")
    assert bundle.ready() == (own, BOTH)


def test_the_program_is_run_without_a_starter_that_is_missing_or_not_vouched_for(
    tmp_path,
):
    bundle = WindowsBundle(tmp_path)
    bundle.starter.write_bytes(STARTER.replace(b"starts", b"STARTS"))
    own, there = bundle.ready()
    assert there == ALONE
    # nor does one stay that somebody has put there
    starter = own.replace("tk-incident.exe", "tk-incidentw.exe")
    for spoil in (lambda: None, lambda: os.remove(str(bundle.starter))):
        spoil()
        with open(starter, "wb") as file:
            file.write(b"somebody else's")
        assert bundle.ready() == (own, ALONE)


def test_a_scanner_that_takes_a_new_copy_away_at_once_costs_that_copy_alone(
    tmp_path, monkeypatch
):
    bundle = WindowsBundle(tmp_path)
    replace, unwanted = os.replace, ["tk-incidentw.exe"]

    def scanned(new, own):
        replace(new, own)
        if os.path.basename(own) in unwanted:
            os.remove(own)

    monkeypatch.setattr(own_copy.os, "replace", scanned)
    own, there = bundle.ready()
    assert own.startswith(bundle.environ["HOME"]) and there == ALONE
    # Without a copy of the first it is the program in the bundle.
    os.remove(own)
    unwanted.append("tk-incident.exe")
    assert bundle.ready() == (str(bundle.program), BOTH)


def test_in_a_bundle_made_by_hand_the_starter_may_be_held_by_somebody(
    tmp_path, monkeypatch
):
    bundle = WindowsBundle(tmp_path)
    os.remove(str(bundle.folder / "bin" / "manifest.json"))
    digest = own_copy._digest

    def held(path):
        if path == str(bundle.starter):
            raise PermissionError(13, "in use")
        return digest(path)

    monkeypatch.setattr(own_copy, "_digest", held)
    assert bundle.ready()[1] == ALONE


def test_the_manifest_of_an_older_bundle_tells_of_no_starter(tmp_path):
    bundle = WindowsBundle(tmp_path)
    bundle.tell_of(None)
    os.remove(str(bundle.starter))
    assert bundle.ready()[1] == ALONE
    # and one made by hand has no manifest
    os.remove(str(bundle.folder / "bin" / "manifest.json"))
    assert bundle.ready()[1] == ALONE
    bundle.starter.write_bytes(STARTER)
    assert bundle.ready()[1] == BOTH


def test_a_starter_that_the_manifest_tells_of_badly_is_refused(tmp_path):
    bundle = WindowsBundle(tmp_path)
    for told in ({}, {"bytes": 1}, [], "tk-incidentw.exe", 7):
        entry = dict(bundle.about("tk-incident.exe", CONTENT), starter=told)
        bundle.describe(programs={bundle.target: entry})
        with pytest.raises(ManifestUnreadable):
            bundle.ready()


def test_in_the_bundle_both_are_checked(tmp_path):
    bundle = WindowsBundle(tmp_path)
    bundle.environ = {"PATH": ""}  # no folder for copies
    assert bundle.ready() == (str(bundle.program), BOTH)
    bundle.starter.write_bytes(b"somebody else's")
    with pytest.raises(ProgramDamaged) as refusal:
        bundle.ready()
    assert "tk-incidentw.exe" in str(refusal.value)
    os.remove(str(bundle.starter))
    assert bundle.ready() == (str(bundle.program), ALONE)


def test_a_copy_whose_program_runs_stays_whole(tmp_path, monkeypatch):
    """Windows does not remove a program that runs."""
    bundle = WindowsBundle(tmp_path)
    own, _ = bundle.ready()
    removed = os.remove

    def refuses(path):
        if path == own:
            raise PermissionError(13, "in use")
        removed(path)

    monkeypatch.setattr(own_copy.os, "remove", refuses)
    for number in range(4):
        other = os.path.join(own_copy.folder(bundle.environ), "0.%d.0-x" % number)
        os.mkdir(other)
    os.utime(os.path.dirname(own), (0, 0))
    own_copy._use(other, os.path.dirname(other), "tk-incident.exe")
    assert set(os.listdir(os.path.dirname(own))) == set(BOTH)


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
