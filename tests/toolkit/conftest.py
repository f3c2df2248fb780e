"""Fixtures: the program, a desk, an agent of its own, and hosts that run a real Toolkit core.

Nothing leaves the temporary folder of the test: Toolkit and the agent keep all they have in the
folders their environment names.
"""

import os
import shutil
import sys

import pytest

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python")
)

import toolkit_core  # noqa: E402
from agent import Agent  # noqa: E402
from desk import LOGIN, Desk  # noqa: E402
from hosts import REPOSITORY, Host  # noqa: E402


@pytest.fixture(scope="session")
def program():
    """The built program. These tests never pass without it."""
    path = os.environ.get("TK_INCIDENT_BIN", "")
    if not os.path.isfile(path):
        pytest.fail(
            "TK_INCIDENT_BIN must name the built program tk-incident (it is %r); "
            "`cargo xtask test` sets it" % path,
            pytrace=False,
        )
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def core_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toolkit") / "core"
    toolkit_core.assemble(str(folder))
    return folder


class Workplace:
    """One artist's machine: folders, environment, desk, agent, hosts."""

    def __init__(self, program, core_folder, folder, desk=None, login=LOGIN):
        self.folder = folder
        self.log_folder = folder / "shotgun" / "logs"
        self._hosts = []
        for name in ("home", "shotgun", "state"):
            (folder / name).mkdir()
        config = folder / "config"
        shutil.copytree(os.path.join(toolkit_core.STUDIO, "config"), str(config))
        self.environ = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),
            "SHOTGUN_HOME": str(folder / "shotgun"),
            "TK_INCIDENT_AGENT_STATE_DIR": str(folder / "state"),
            "TK_INCIDENT_PROGRAM": program,
            # Many tickets and counts in a short time is what tests are made of.
            "TK_INCIDENT_LIMITS_WRITES_PER_MINUTE": "0",
            "TK_INCIDENT_LIMITS_COUNT_FLUSH_S": "0",
            "LIVE_CORE": str(core_folder),
            "LIVE_CONFIG": str(config),
            "LIVE_BUNDLES": os.path.join(toolkit_core.STUDIO, "bundles"),
            "LIVE_APP": REPOSITORY,
        }
        self.agent = Agent(program, folder / "state", dict(self.environ))
        # The desk is somebody else's machine: it knows nothing of this agent.
        self.desk = desk or Desk(program, folder / "desk", {"PATH": os.defpath})
        self._own_desk = desk is None
        self.login = login
        self.session_token = self.desk.token_of(login)

    def host(self, instance, by=(), closed_stdin=False, **changes):
        """A host that is ready to start the engine `instance`. `changes` go over its environment."""
        environ = dict(self.environ, LIVE_SITE=self.desk.url)
        environ.update(changes)
        output = self.folder / ("%s-%d.out" % (instance, len(self._hosts)))
        host = Host(environ, output, by, closed_stdin)
        self._hosts.append(host)
        return host

    def start(self, instance, at_site=False, expired=False, **changes):
        """A host whose engine `instance` has started in the desk's project, or at the site."""
        host = self.host(instance, **changes)
        order = self.start_order(instance)
        if at_site:
            order["entity"] = None
        host.do("start", expired=expired, **order)
        return host

    def start_order(self, instance):
        return {
            "instance": instance,
            "login": self.login,
            "session_token": self.session_token,
            "entity": self.desk.project,
        }

    def own_bundle(self, name):
        """A copy of the app's bundle, to be changed by the test."""
        bundle = self.folder / name
        for part in ("python", "hooks"):
            shutil.copytree(
                os.path.join(REPOSITORY, part),
                str(bundle / part),
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        for part in ("app.py", "info.yml", "icon_256.png"):
            shutil.copy(os.path.join(REPOSITORY, part), str(bundle))
        return bundle

    def task(self):
        return self.desk.admin.create(
            "Task", {"content": "lip sync", "project": self.desk.project}
        )

    def log_file(self, instance):
        return self.log_folder / ("%s.log" % instance)

    def log_text(self, instance):
        """The whole log of an engine, backup first."""
        text = ""
        for suffix in (".log.1", ".log"):
            path = self.log_folder / (instance + suffix)
            if path.exists():
                text += path.read_text(encoding="utf-8")
        return text

    def close(self):
        for host in self._hosts:
            host.quit()
        try:
            self.agent.stop()
        finally:
            if self._own_desk:
                self.desk.stop()


@pytest.fixture
def workplace(program, core_folder, tmp_path):
    place = Workplace(program, core_folder, tmp_path)
    yield place
    place.close()
