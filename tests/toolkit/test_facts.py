"""Facts, site and settings: from objects shaped like Toolkit's to the message's parts."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tk_incident import facts, site, variables
from tk_incident.child import encode
from tk_incident.session import Session
from tk_incident.settings import agent_settings


class Asks:
    """A stand-in for what must not be touched."""

    def __getattr__(self, name):
        raise AssertionError("%s would ask the site" % name)


class Context:
    """Like Toolkit's: the property `user` asks the site, the private name is what is loaded."""

    def __init__(self, user=None):
        self.project = {
            "type": "Project",
            "id": 90,
            "name": "demo",
            "tank_name": "demo",
        }
        self.entity = {"type": "Shot", "id": 7, "name": "sh010"}
        self.step = None
        self.task = {"type": "Task", "id": 5}
        self._Context__user = user

    @property
    def user(self):
        raise AssertionError("context.user asks the site")

    def to_dict(self):
        return {"user": self.user}

    __str__ = to_dict


class App:
    name = instance_name = "tk-incidentreporter"
    version = "v0.1.0"
    disk_location = "/studio/tk-incidentreporter"
    shotgun = Asks()

    def __init__(self, **settings):
        self._settings = settings
        self.context = Context()
        self.logger = SimpleNamespace(debug=lambda *a: None, warning=lambda *a: None)
        self.engine = SimpleNamespace(
            name="tk-maya",
            instance_name="tk-maya",
            version="v0.13.2",
            host_info={"name": "Maya", "version": "2026.1"},
            environment={"name": "project"},
            apps={"tk-incidentreporter": self},
        )
        self.sgtk = SimpleNamespace(
            version="v0.21.7",
            shotgun_url="https://studio.example",
            configuration_name="Primary",
            configuration_id=33,
            configuration_descriptor=SimpleNamespace(
                get_uri=lambda: "sgtk:descriptor:x"
            ),
            shotgun=Asks(),
        )

    def get_setting(self, name):
        defaults = {
            "ticket_project_id": 0,
            "site_url": "",
            "program_path": "",
            "log_patterns": [],
            "extra_settings": {},
            "start_at_login": False,
        }
        return self._settings.get(name, defaults[name])


LOG_MANAGER = SimpleNamespace(
    log_file="/logs/tk-maya.log", log_folder="/logs", global_debug=False
)


def test_the_session_part_holds_what_is_in_memory():
    found = facts.session_facts(
        App(), LOG_MANAGER, "alice", "2026-01-14T10:00:00Z", "https://studio.example"
    )
    assert found.pop("python").count(".") == 2
    assert found.pop("variables") == variables.listed(os.environ)
    assert found == {
        "pid": os.getpid(),
        "started": "2026-01-14T10:00:00Z",
        "site": "https://studio.example",
        "log_file": "/logs/tk-maya.log",
        "login": "alice",
        "engine": {"name": "tk-maya", "instance": "tk-maya", "version": "v0.13.2"},
        "host": {"name": "Maya", "version": "2026.1"},
        "environment": "project",
        "context": {
            "project": {"type": "Project", "id": 90, "name": "demo"},
            "entity": {"type": "Shot", "id": 7, "name": "sh010"},
            "step": None,
            "task": {"type": "Task", "id": 5, "name": None},
            "user": None,
        },
        "core_version": "v0.21.7",
        "configuration": {"name": "Primary", "id": 33, "uri": "sgtk:descriptor:x"},
        "apps": {"tk-incidentreporter": "v0.1.0"},
        "debug": False,
    }


def test_of_the_host_s_variables_the_listed_ones_are_told_and_of_some_only_that_they_are_set():
    environ = {
        "TK_DEBUG": "1",
        "TANK_CONTEXT": '{"session_token": "secret"}',
        "HTTPS_PROXY": "user:pw@proxy:8080",
        "STUDIO_KEY": "secret",
    }
    assert variables.listed(environ) == {
        "TK_DEBUG": "1",
        "TANK_CONTEXT": "set",
        "HTTPS_PROXY": "set",
    }


@pytest.mark.parametrize("name", ["VALUES", "PRESENCE"])
def test_the_agent_has_the_same_lists(name):
    source = Path(__file__).parents[2] / "crates" / "agent" / "src" / "facts.rs"
    const = {"VALUES": "VARIABLES"}.get(name, name)
    body = re.search(
        r"const %s: \[&str; \d+\] = \[(.*?)\];" % const,
        source.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert tuple(re.findall(r'"([^"]+)"', body.group(1))) == getattr(variables, name)


def test_a_user_that_is_loaded_already_is_told():
    app = App()
    app.context = Context(user={"type": "HumanUser", "id": 3, "name": "Alice"})
    assert facts.session_facts(app, LOG_MANAGER, None, "")["context"]["user"]["id"] == 3


def test_a_version_that_is_not_known_yet_is_none():
    app = App()
    app.engine.host_info = {"name": "Desktop", "version": "unknown"}
    found = facts.session_facts(app, LOG_MANAGER, None, "")
    assert found["host"] == {"name": "Desktop", "version": None}


@pytest.mark.parametrize(
    "host_info", [("Photoshop", "unknown"), None, {}, {"name": None}]
)
def test_engines_that_do_not_know_their_host_yet(host_info):
    app = App()
    app.engine.host_info = host_info
    assert facts.session_facts(app, LOG_MANAGER, None, "")["host"] == {
        "name": None,
        "version": None,
    }


def test_with_nothing_to_ask_everything_is_unknown_and_nothing_raises():
    found = facts.session_facts(object(), object(), None, "2026-01-14T10:00:00Z")
    assert found["engine"] == {"name": None, "instance": None, "version": None}
    assert found["context"]["project"] is None and found["apps"] is None
    json.loads(encode(found).decode("utf-8"))


def person(host="https://studio.example", proxy=None):
    return SimpleNamespace(host=host, login="alice", http_proxy=proxy)


def serialized(user, use_json):
    assert use_json
    return json.dumps({"type": "SessionUser", "data": {"session_token": "secret"}})


def site_of(user, ticket_url="", serialize=serialized):
    return site.site_facts(
        user, serialize, lambda: "https://studio.example", ticket_url
    )


def test_a_person_is_handed_over_with_token_and_proxy():
    assert site_of(person(proxy="user:pw@proxy:8080")) == {
        "url": "https://studio.example",
        "login": "alice",
        "session_token": "secret",
        "http_proxy": "user:pw@proxy:8080",
    }


def test_the_token_goes_to_no_other_site():
    same = site_of(person(), "https://Studio.example/")
    assert (same["url"], same["session_token"]) == ("https://studio.example", "secret")
    other = site_of(person(), "https://support.example")
    assert (other["url"], other["session_token"]) == ("https://support.example", None)


def test_a_script_user_hands_over_neither_key_nor_token():
    script = SimpleNamespace(host="https://studio.example", login=None, http_proxy=None)
    found = site_of(script, serialize=Asks())
    assert found == {
        "url": "https://studio.example",
        "login": None,
        "session_token": None,
        "http_proxy": None,
    }


def test_the_session_belongs_to_toolkit_s_own_site():
    assert site.own_url(person(), None) == "https://studio.example"
    assert site.own_url(None, lambda: "https://a.example") == "https://a.example"


def test_without_a_user_the_site_of_the_configuration_counts():
    assert site_of(None, serialize=Asks())["url"] == "https://studio.example"


def test_only_settings_that_are_set_are_sent_and_extra_ones_win():
    assert agent_settings(App().get_setting) == {}
    set_by_admin = App(
        ticket_project_id=123,
        site_url="https://support.example",
        log_patterns=["tk-maya.log"],
        extra_settings={"site.project_id": 124, "limits.gather_s": 5},
    )
    assert agent_settings(set_by_admin.get_setting) == {
        "site.project_id": 124,
        "site.url": "https://support.example",
        "watch.patterns": ["tk-maya.log"],
        "limits.gather_s": 5,
    }


def test_two_runs_of_an_engine_in_one_process_are_two_sessions():
    first, second = Session(App(), None), Session(App(), None)
    assert first._who != second._who and first._who["pid"] == os.getpid()
