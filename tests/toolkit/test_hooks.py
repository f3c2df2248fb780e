"""The studio's own hooks: what they tell arrives, and what they do wrong disturbs nobody."""

from types import SimpleNamespace

import pytest

from tk_incident.hooks import MOST_CHARACTERS, MOST_FACTS, Hooks
from tk_incident.settings import agent_settings
from test_disturbance import assert_undisturbed
from waiting import wait_for

FACTS = """\
import os
import sgtk

class Facts(sgtk.get_hook_baseclass()):
    def extra_facts(self):
        %s
"""
FILTER = """\
import sgtk

class Filter(sgtk.get_hook_baseclass()):
    def detect_settings(self):
        return {"rules": [{"name": "chatter", "message": "Validation: ", "action": "ignore"}]}
"""


def set_hook(workplace, setting, source):
    """Set a hook of the configuration's own, as an admin does."""
    folder = workplace.folder / "config" / "hooks"
    folder.mkdir(exist_ok=True)
    (folder / ("%s.py" % setting)).write_text(source, encoding="utf-8")
    engines = workplace.folder / "config" / "env" / "includes" / "engines.yml"
    text = engines.read_text(encoding="utf-8")
    line = '      %s: "{config}/%s.py"\n      extra_settings:' % (setting, setting)
    assert "      extra_settings:" in text
    engines.write_text(text.replace("      extra_settings:", line), encoding="utf-8")


def ticket(workplace):
    (found,) = wait_for("the ticket", workplace.desk.tickets, workplace.agent.state)
    return found


def test_the_studios_facts_are_on_the_ticket_and_its_rules_are_kept(workplace):
    answer = 'return {"Farm client": "4.2", "Password": "hunter2"}'
    set_hook(workplace, "hook_extra_facts", FACTS % answer)
    set_hook(workplace, "hook_filter", FILTER)
    host = workplace.start("tk-maya")
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("fail", reason="no", message="Validation: the scene has no camera")
    host.do("fail", reason="no more disk", message="Scene was not saved")

    description = ticket(workplace)["description"]
    assert "Scene was not saved" in description
    assert "Farm client: 4.2" in description
    assert "hunter2" not in description
    rules = workplace.agent.status()["rules"]
    assert [(rule["rule"], rule["count"]) for rule in rules] == [("chatter", 1)]


@pytest.mark.parametrize(
    "fault",
    [
        "raise RuntimeError('CRITICAL ERROR: Traceback')",
        "return 7",
        "x = = 1",
        "raise SystemExit(3)",
        "return {'a': type('Bad', (), {'__str__': lambda self: 1 / 0})(), 'rules': [{(1, 2): 3}]}",
    ],
    ids=["raises", "answers nonsense", "is no Python", "ends the host", "answers what no text is"],
)
def test_a_broken_hook_costs_its_facts_and_nothing_else(workplace, fault):
    set_hook(workplace, "hook_extra_facts", FACTS % fault)
    broken_filter = (FACTS % fault).replace("extra_facts", "detect_settings")
    set_hook(workplace, "hook_filter", broken_filter)
    host = workplace.start("tk-maya", TK_DEBUG="1")
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("fail", reason="no more disk", message="Scene was not saved")
    assert "Scene was not saved" in ticket(workplace)["description"]
    text = workplace.log_text("tk-maya")
    assert "hook_extra_facts goes without" in text and "hook_filter goes without" in text
    assert "CRITICAL" not in text and text.count("] Traceback") == 0


def test_a_slow_hook_is_named(workplace):
    slow = "import time; time.sleep(0.12); return {}"
    set_hook(workplace, "hook_extra_facts", FACTS % slow)
    host = workplace.start("tk-maya")

    def session():
        lines = (workplace.agent.status() or {}).get("sessions")
        return lines and lines[0]

    slow_ms = wait_for("the session", session)["slow_hooks_ms"]
    assert list(slow_ms) == ["hook_extra_facts"]
    assert slow_ms["hook_extra_facts"] >= 120
    assert_undisturbed(workplace, host, "tk-maya")


def hooks(answers, clock=lambda: 0):
    def execute_hook_method(setting, method):
        return answers[method]

    return Hooks(
        SimpleNamespace(
            execute_hook_method=execute_hook_method,
            logger=SimpleNamespace(debug=lambda *a: None),
        ),
        clock,
    )


def test_facts_are_few_and_short_and_on_one_line():
    told = hooks({"extra_facts": {"a\nb": "c\n\nd" + "x" * 999, 3: True}}).extra_facts()
    assert told["a b"].startswith("c dxxx") and len(told["a b"]) == MOST_CHARACTERS
    assert told["3"] == "True"
    many = hooks({"extra_facts": {str(n): n for n in range(1000)}}).extra_facts()
    assert len(many) == MOST_FACTS
    assert hooks({"extra_facts": None}).extra_facts() == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {(1, 2): 3}])
def test_rules_that_cannot_be_sent_cost_themselves_and_not_the_session(value):
    answers = {"detect_settings": {"rules": [{"name": value}]}}
    assert hooks(answers).detect_settings() == {}


def test_rules_are_asked_for_once_and_join_those_of_the_settings():
    answers = {"detect_settings": {"rules": [{"name": "of the hook"}], "levels": "no"}}
    studio = hooks(answers)
    detect = studio.detect_settings()
    assert detect == {"detect.rules": [{"name": "of the hook"}]}
    answers.clear()
    assert studio.detect_settings() == detect

    settings = {"extra_settings": {"detect.rules": [{"name": "of the setting"}]}}
    assert agent_settings(settings.get, detect)["detect.rules"] == [
        {"name": "of the hook"},
        {"name": "of the setting"},
    ]
    assert agent_settings({}.get, detect) == detect
