"""The release bundle: what is in it, and that Toolkit can install and run it on a machine that has nothing else of ours.

The bundle is made by the packing code of `cargo xtask dist`, around the program under test, or around the one that
TK_INCIDENT_BUNDLED names: that of a release, which has no desk and so cannot be the program of all tests.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile

import pytest
import yaml
from tank.util import zip as toolkit_zip

from hosts import REPOSITORY
from tk_incident import program as finder
from waiting import wait_for

NAME = "tk-incidentreporter-v0.1.0"


def packed(part, program, out):
    """Pack `part` around the program into `out`, and return the path of what was made."""
    cargo = os.environ.get("CARGO", "cargo")
    bundled = os.environ.get("TK_INCIDENT_BUNDLED", program)
    made = subprocess.run(
        [cargo, "xtask", "dist", part, "--program", bundled, "--out", str(out)],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert made.returncode == 0, made.stdout.decode("utf-8", "replace")
    (name,) = os.listdir(str(out))
    return str(out / name)


@pytest.fixture(scope="session")
def archive(program, tmp_path_factory):
    """The bundle, as a zip."""
    path = packed("bundle", program, tmp_path_factory.mktemp("packages"))
    assert os.path.basename(path) == NAME + ".zip"
    return path


@pytest.fixture
def bundle(archive, tmp_path):
    """The bundle as Toolkit unpacks what it has downloaded."""
    folder = tmp_path / "bundle_cache" / "tk-incidentreporter" / "v0.1.0"
    toolkit_zip.unzip_file(archive, str(folder), auto_detect_bundle=True)
    return folder


def program_of(bundle):
    return bundle / "bin" / finder.target(os.environ) / "tk-incident"


def test_it_holds_the_app_the_program_and_its_papers_and_nothing_else(archive):
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        modes = {
            entry.filename: entry.external_attr >> 16 for entry in file.infolist()
        }
    assert names == sorted(names)
    assert all(name.startswith(NAME + "/") for name in names)

    inner = [name[len(NAME) + 1 :] for name in names]
    target = finder.target(os.environ)
    # what the app is made of is in the checkout under the same path
    for name in inner:
        if not name.startswith(("python/", "hooks/")):
            continue
        assert os.path.isfile(os.path.join(REPOSITORY, name)), name
        assert "__pycache__" not in name and "test" not in name, name
    assert [name for name in inner if not name.startswith(("python/", "hooks/"))] == [
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "SHA256SUMS",
        "THIRD-PARTY-LICENSES.txt",
        "app.py",
        "bin/%s/tk-incident" % target,
        "bin/manifest.json",
        "icon_256.png",
        "info.yml",
        "sbom.cdx.json",
    ]
    for name, mode in modes.items():
        expected = 0o755 if name.endswith("/tk-incident") else 0o644
        assert stat.S_IMODE(mode) == expected, name


def test_manifest_and_sums_tell_of_every_file(bundle):
    program_path = program_of(bundle)
    content = program_path.read_bytes()
    manifest = json.loads((bundle / "bin" / "manifest.json").read_text())
    assert manifest == {
        "v": 1,
        "version": "0.1.0",
        "programs": {
            finder.target(os.environ): {
                "file": "tk-incident",
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        },
    }
    sums = {}
    for line in (bundle / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        sums[name] = digest
    there = {
        os.path.relpath(os.path.join(folder, name), str(bundle)).replace(os.sep, "/")
        for folder, _, names in os.walk(str(bundle))
        for name in names
    }
    assert set(sums) == there - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest, name


def test_licences_and_components_name_what_is_linked(bundle):
    licences = (bundle / "THIRD-PARTY-LICENSES.txt").read_text(encoding="utf-8")
    components = json.loads((bundle / "sbom.cdx.json").read_text())
    assert (components["bomFormat"], components["specVersion"]) == ("CycloneDX", "1.6")
    names = {component["name"] for component in components["components"]}
    assert {"rusqlite", "rustls", "zip", "sqlite"} <= names
    # only built with, or of the desk: nobody gets those
    assert not names & {"cc", "serde_derive", "tokio", "axum", "insta"}
    for component in components["components"]:
        if component["name"] != "sqlite":
            line = "%(name)s %(version)s  " % component
            assert line + component["licenses"][0]["expression"] in licences
    known = {component["bom-ref"] for component in components["components"]}
    for dependency in components["dependencies"]:
        assert set(dependency["dependsOn"]) <= known


def test_toolkit_keeps_the_execute_bit_of_the_program(bundle):
    assert os.access(str(program_of(bundle)), os.X_OK)
    assert not os.access(str(bundle / "app.py"), os.X_OK)


def install(workplace, location):
    """Write `location` into the configuration, and take away all that a machine of ours has."""
    path = str(workplace.folder / "config" / "env" / "includes" / "engines.yml")
    with open(path, encoding="utf-8") as file:
        engines = yaml.safe_load(file)
    engines["stub"]["apps"]["tk-incidentreporter"]["location"] = location
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(engines, file)

    # What the machine has: nothing but git, which Toolkit needs for git locations.
    programs = workplace.folder / "programs"
    programs.mkdir()
    os.symlink(shutil.which("git"), str(programs / "git"))
    del workplace.environ["TK_INCIDENT_PROGRAM"]
    del workplace.environ["LIVE_APP"]
    workplace.environ["PATH"] = str(programs)


def files_a_ticket(workplace):
    """A ticket comes of an error, through a program that is not of our checkout."""
    host = workplace.start("tk-maya")
    pid = workplace.agent.wait_until_up()["pid"]
    # the user's own copy: what Toolkit has cached may go away while the agent runs
    running = os.readlink("/proc/%d/exe" % pid)
    assert running.startswith(str(workplace.folder / "home")), running

    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("fail", reason="no more disk", message="Scene was not saved")
    (ticket,) = wait_for("a ticket", workplace.desk.tickets, workplace.agent.state)
    assert ticket["title"].startswith("artist - RuntimeError"), ticket["title"]
    log = workplace.log_text("tk-maya")
    assert "tk-incidentreporter failed" not in log
    host.quit()


def end(workplace):
    """End the agent, whose program is not the one that the workplace knows."""
    pid = workplace.agent.status()["pid"]
    workplace.agent.stop()
    wait_for("the end of the agent", lambda: not os.path.exists("/proc/%d" % pid))


def test_a_path_location_files_a_ticket_without_anything_else_of_ours(
    workplace, bundle
):
    location = {
        "type": "path",
        "path": str(bundle),
        "name": "tk-incidentreporter",
        "version": "v0.1.0",
    }
    install(workplace, location)
    files_a_ticket(workplace)
    end(workplace)


def test_a_git_location_files_a_ticket_without_anything_else_of_ours(
    workplace, bundle, tmp_path
):
    for command in (
        ["init", "--quiet"],
        ["add", "--all", "--force"],
        ["commit", "--quiet", "--message", "v0.1.0"],
        ["tag", "v0.1.0"],
    ):
        identity = ["-c", "user.name=Studio", "-c", "user.email=studio@example"]
        subprocess.run(["git"] + identity + command, cwd=str(bundle), check=True)
    repository = tmp_path / "tk-incidentreporter.git"
    os.rename(str(bundle / ".git"), str(repository))
    shutil.rmtree(str(bundle))

    location = {"type": "git", "path": str(repository), "version": "v0.1.0"}
    install(workplace, location)
    files_a_ticket(workplace)
    end(workplace)


def test_a_wheel_puts_the_program_on_path(program, tmp_path):
    wheel = packed("wheels", program, tmp_path / "wheels")
    environment = tmp_path / "environment"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True
    )
    python = str(environment / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--no-input", "install"]
    subprocess.run(pip + ["--quiet", "--no-index", wheel], check=True)

    log = tmp_path / "tk-maya.log"
    log.write_text("2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project] no more disk\n")
    done = subprocess.run(
        ["tk-incident", "scan", "--json", str(log)],
        env={"PATH": str(environment / "bin"), "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        check=True,
    )
    incident = json.loads(done.stdout.splitlines()[0])
    assert incident["message"] == "no more disk"
