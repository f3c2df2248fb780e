"""Finding the program: the order of places, and what a miss says."""

import os
import stat

import pytest

from tk_incident import program
from tk_incident.errors import ProgramMissing


def make(path, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


@pytest.fixture
def places(tmp_path):
    """The program in all four places."""
    bundle = tmp_path / "bundle"
    environ = {
        # No place for copies of one's own: what is found is what runs.
        "HOME": "",
        "PATH": str(tmp_path / "path"),
        "TK_INCIDENT_PROGRAM": make(tmp_path / "variable" / "tk-incident"),
    }
    make(tmp_path / "path" / "tk-incident")
    make(bundle / "bin" / program.target(environ) / "tk-incident")
    setting = make(tmp_path / "setting" / "tk-incident")
    return setting, bundle, environ


def test_the_first_place_that_has_it_wins(places):
    setting, bundle, environ = places
    in_bundle = str(bundle / "bin" / program.target(environ) / "tk-incident")

    assert program.find(setting, str(bundle), environ) == setting
    assert program.find("", str(bundle), environ) == in_bundle
    os.remove(in_bundle)
    assert program.find("", str(bundle), environ) == environ["TK_INCIDENT_PROGRAM"]
    del environ["TK_INCIDENT_PROGRAM"]
    assert program.find("", str(bundle), environ) == os.path.join(
        environ["PATH"], "tk-incident"
    )


def test_a_setting_made_for_another_system_falls_through(places):
    _, bundle, environ = places
    assert program.find("S:\\tools\\tk-incident.exe", str(bundle), environ).startswith(
        str(bundle)
    )


def test_the_setting_may_use_variables_and_the_home_folder(places, monkeypatch):
    setting, bundle, environ = places
    monkeypatch.setenv("STUDIO_TOOLS", os.path.dirname(setting))
    assert program.find("$STUDIO_TOOLS/tk-incident", str(bundle), environ) == setting
    monkeypatch.setenv("HOME", os.path.dirname(setting))
    assert program.find("~/tk-incident", str(bundle), environ) == setting


def test_a_miss_names_every_place_and_the_way_out(tmp_path):
    environ = {"PATH": str(tmp_path), "TK_INCIDENT_PROGRAM": "/nowhere/variable"}
    with pytest.raises(ProgramMissing) as miss:
        program.find("/nowhere/setting", str(tmp_path), environ)
    for place in (
        "/nowhere/setting",
        "/nowhere/variable",
        str(tmp_path),
        "PATH",
        "program_path",
    ):
        assert place in str(miss.value)


def test_neither_folders_nor_relative_parts_of_path_count(tmp_path, monkeypatch):
    (tmp_path / "tk-incident").mkdir()
    make(tmp_path / "relative" / "tk-incident")
    monkeypatch.chdir(tmp_path)
    environ = {"PATH": os.pathsep.join([str(tmp_path), "relative", ""])}
    with pytest.raises(ProgramMissing):
        program.find("", "", environ)


def test_a_bundle_unpacked_without_modes_gets_its_execute_bit(places):
    _, bundle, environ = places
    path = bundle / "bin" / program.target(environ) / "tk-incident"
    path.chmod(0o644)
    program.find("", str(bundle), environ)
    assert path.stat().st_mode & stat.S_IXUSR


def test_the_target_is_spelled_as_the_release_folders_are(monkeypatch):
    monkeypatch.setattr(program.sys, "platform", "win32")
    assert program.target({"PROCESSOR_ARCHITECTURE": "AMD64"}) == "windows-x86_64"
    # 32-bit Python on 64-bit Windows
    both = {"PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_ARCHITEW6432": "AMD64"}
    assert program.target(both) == "windows-x86_64"

    monkeypatch.setattr(program.sys, "platform", "darwin")
    monkeypatch.setattr(
        program.os, "uname", lambda: os.uname_result(("Darwin", "", "", "", "arm64"))
    )
    assert program.target({}) == "macos-aarch64"
