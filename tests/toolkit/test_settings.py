"""Settings an admin got wrong: what is wrong is said once, below the levels that make an incident, and the host works on."""

import importlib.util
import os
import sys
import types

import pytest
import yaml
from tank.platform import validation

from host_log import loud, ours
from hosts import REPOSITORY
from test_disturbance import assert_undisturbed
from waiting import wait_for


def set_settings(workplace, lines):
    """What an admin writes under the app's entry, in every environment."""
    engines = workplace.folder / "config" / "env" / "includes" / "engines.yml"
    text = []
    for line in engines.read_text(encoding="utf-8").splitlines():
        if line.startswith("      extra_settings:"):
            text += ["      " + each for each in lines]
        else:
            text.append(line)
    engines.write_text("\n".join(text), encoding="utf-8")


def test_toolkit_itself_takes_the_manifest_and_every_default():
    with open(os.path.join(REPOSITORY, "info.yml"), encoding="utf-8") as file:
        schema = yaml.safe_load(file)["configuration"]
    validation.validate_schema("tk-incidentreporter", schema)
    for name, setting in schema.items():
        if setting["type"] == "hook":
            continue  # asks for a configuration; each start of an engine does it
        validation.validate_single_setting(
            "tk-incidentreporter", None, schema, name, setting["default_value"]
        )


@pytest.mark.parametrize(
    "line, said",
    [
        ("extra_settings: {limits.gather_s: soon}", "limits.gather_s"),
        ("extra_settings: {limits.gathr_s: 5}", "limits.gather_s"),
        ("extra_settings: {1: 2}", "1"),
        ("extra_settings: {watch.patterns: 'tk-*.log'}", "watch.patterns"),
        ("extra_settings: {detect.rules: {name: chatter}}", "detect.rules"),
        ("extra_settings: {detect.rules: [{name: chatter, action: shout}]}", "shout"),
        ("extra_settings: {site.url: 7}", "site.url"),
        ("ticket_project_id: -5", "site.project_id"),
        ("extra_settings: {evidence.raw_log: true}", "evidence.raw_log"),
    ],
)
def test_a_wrong_setting_is_one_warning_that_names_it(workplace, line, said):
    set_settings(workplace, [line])
    host = workplace.start("tk-maya")
    host.do("settle")

    def warned():
        return [text for level, text in ours(workplace, "tk-maya") if level == "WARNING"]

    wait_for("a warning", warned, lambda: workplace.log_text("tk-maya"), 20)
    (warning,) = warned()
    assert said in warning, warning
    assert_undisturbed(workplace, host, "tk-maya")
    assert host.printed() == ""


def test_a_host_with_an_older_python_is_told_why_it_goes_without(monkeypatch):
    said = []
    sgtk = types.ModuleType("sgtk")
    sgtk.platform = types.SimpleNamespace(Application=object)
    monkeypatch.setitem(sys.modules, "sgtk", sgtk)
    spec = importlib.util.spec_from_file_location("app", os.path.join(REPOSITORY, "app.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.sys = types.SimpleNamespace(version_info=(2, 7, 18, "final", 0))
    app = module.IncidentReporter()
    app.logger = types.SimpleNamespace(warning=said.append, debug=said.append)
    for call in (app.init_app, app.post_engine_init, app.destroy_app):
        call()
    app.post_context_change(None, None)
    (warning,) = said
    assert "needs Python 3.7" in warning and "has 2.7" in warning


@pytest.mark.parametrize(
    "line",
    [
        "ticket_project_id: many",
        "log_patterns: tk-*.log",
        "extra_settings: [limits.gather_s]",
        "report_command: 3",
        # YAML's word for true.
        "direct_capture: on",
    ],
)
def test_a_setting_of_the_wrong_type_is_named_by_toolkit_and_the_host_works(workplace, line):
    set_settings(workplace, [line])
    host = workplace.start("tk-maya")
    (message,) = loud(workplace, "tk-maya")
    assert "tk-incidentreporter" in message and line.split(":")[0] in message, message
    # The other app is there, and goes on without us.
    assert host.do("restart")["apps"] == ["tk-multi-stub"]
    assert ours(workplace, "tk-maya") == []
    assert host.printed() == ""
