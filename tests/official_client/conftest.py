"""A desk started from the program under test, and unmodified shotgun_api3 clients connected to it.

TK_INCIDENT_BIN names the program; without it every test here fails, none is skipped.
"""

import json
import os
import pathlib
import subprocess
import urllib.request

import pytest
import shotgun_api3

START_TIMEOUT_S = 60


class Desk:
    """One `tk-incident desk --json` process on a data folder."""

    def __init__(self, data: pathlib.Path, *arguments: str) -> None:
        self.data = data
        program = os.environ.get("TK_INCIDENT_BIN")
        if not program:
            pytest.fail("TK_INCIDENT_BIN does not name the program under test")
        self.process = subprocess.Popen(
            [program, "desk", "--json", "--data", str(data), *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
        )
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(f"the desk ended with {self.process.wait(START_TIMEOUT_S)} before it was ready")
        self.ready = json.loads(line)

    @property
    def url(self) -> str:
        return self.ready["url"]

    @property
    def project(self) -> dict:
        return {"type": "Project", "id": self.ready["project_id"]}

    def connect(self, **arguments) -> shotgun_api3.Shotgun:
        """A client; without arguments with the script key of the ready line."""
        if not arguments:
            arguments = {"script_name": self.ready["script_name"], "api_key": self.ready["script_key"]}
        return shotgun_api3.Shotgun(self.url, **arguments)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(START_TIMEOUT_S)
        self.process.stdout.close()


@pytest.fixture(scope="session", autouse=True)
def no_proxy():
    """Uploads and downloads of the official client follow the environment's proxies; the desk is on loopback."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.lower().endswith("_proxy")}
    urllib.request.install_opener(None)
    yield
    os.environ.update(before)


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """A desk shared by the tests of a run, advertising the upload form it advertises by itself."""
    running = Desk(tmp_path_factory.mktemp("desk"))
    yield running
    running.stop()


@pytest.fixture
def start_desk():
    """Starts desks of a test's own: `start_desk(folder, *arguments)`."""
    started = []

    def start(data: pathlib.Path, *arguments: str) -> Desk:
        started.append(Desk(data, *arguments))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def sg(desk):
    """A client of the shared desk."""
    return desk.connect()


@pytest.fixture
def make_ticket(desk, sg):
    """Creates a Ticket with a title of its own: `make_ticket(title, **fields)`."""

    def make(title: str, **fields) -> dict:
        return sg.create("Ticket", {"project": desk.project, "title": title, **fields})

    return make


@pytest.fixture(params=["classic", "storage"])
def upload_form(request, sg, monkeypatch):
    """Makes the client use one of the two upload forms, by what it believes `info` said."""
    storage = request.param == "storage"
    monkeypatch.setitem(sg.server_info, "s3_uploads_enabled", storage)
    monkeypatch.setitem(sg.server_info, "s3_direct_uploads_enabled", storage)
    monkeypatch.setitem(sg.server_info, "s3_enabled_upload_types", {"*": ["*"]} if storage else {})
    return request.param
