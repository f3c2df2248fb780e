"""One session per process: over context changes, restarts, sign-ins, and app objects that Toolkit has forgotten."""

from stand_in import Recorder
from waiting import wait_for


def sessions(workplace):
    return (workplace.agent.status() or {}).get("sessions", [])


def only_session(workplace, host, **holds):
    """The one session the agent knows, once it is the host's and `holds` holds."""

    def found():
        lines = sessions(workplace)
        right = len(lines) == 1 and lines[0]["pid"] == host.pid
        return right and all(lines[0][k] == v for k, v in holds.items()) and lines[0]

    return wait_for("one session with %r" % holds, found, workplace.agent.state)


def test_context_changes_and_restarts_leave_one_session_and_one_listener(workplace):
    host = workplace.start("tk-maya")
    host.wait_until_listening()
    first = only_session(workplace, host)

    task = workplace.desk.admin.create(
        "Task", {"content": "lip sync", "project": workplace.desk.project}
    )
    host.do("change_context", entity={"type": "Task", "id": task["id"]})
    changed = only_session(
        workplace, host, task={"type": "Task", "id": task["id"], "name": "lip sync"}
    )
    assert changed["started"] == first["started"]
    assert host.listeners() == 1

    for _ in range(3):
        host.do("restart")
    host.do("settle")
    host.wait_until_listening()
    assert only_session(workplace, host)["started"] != first["started"]

    host.do("destroy")
    wait_for("the end of the session", lambda: not sessions(workplace))
    wait_for("the end of the listener", lambda: host.listeners() == 0)
    host.do("settle")
    assert len(workplace.agent.processes()) == 1


def test_an_app_object_that_toolkit_forgot_does_not_live_on(workplace):
    """Toolkit makes a new object on a context change and never ends the old one, where the old one says that it
    cannot change."""
    bundle = workplace.own_bundle("forgotten")
    app = bundle / "app.py"
    source = app.read_text(encoding="utf-8")
    fixed = source.replace("        return True\n", "        return False\n", 1)
    assert fixed != source
    app.write_text(fixed, encoding="utf-8")

    host = workplace.start("tk-maya", LIVE_APP=str(bundle))
    first = only_session(workplace, host)
    host.wait_until_listening()
    shot = workplace.desk.admin.create(
        "Shot", {"code": "sh010", "project": workplace.desk.project}
    )
    host.do("change_context", entity={"type": "Shot", "id": shot["id"]})
    host.do("settle")
    second = only_session(
        workplace, host, entity={"type": "Shot", "id": shot["id"], "name": "sh010"}
    )
    assert second["started"] != first["started"]
    wait_for("one listener", lambda: host.listeners() == 1)


def test_the_next_word_of_the_app_names_who_has_signed_in(workplace):
    host = workplace.start("tk-maya")
    only_session(workplace, host, login="artist")
    host.do("sign_in", login="lead", session_token=workplace.desk.session_token)
    host.do("change_context", entity=workplace.desk.project)
    only_session(workplace, host, login="lead")


def test_an_entry_for_the_login_is_asked_for_where_an_admin_wants_one(workplace):
    engines = workplace.folder / "config" / "env" / "includes" / "engines.yml"
    text = engines.read_text(encoding="utf-8")
    wanted = text.replace(
        "      extra_settings:", "      start_at_login: true\n      extra_settings:"
    )
    assert wanted != text
    recorder = Recorder(workplace.folder)

    def verbs():
        return [" ".join(call["arguments"]) for call in recorder.calls()]

    workplace.start("tk-nuke", TK_INCIDENT_PROGRAM=recorder.path).do("settle")
    assert verbs() == ["attach"]
    engines.write_text(wanted, encoding="utf-8")
    host = workplace.start("tk-maya", TK_INCIDENT_PROGRAM=recorder.path)
    host.do("settle")
    host.do("restart")
    host.do("settle")
    assert verbs().count("autostart on") == 1 and verbs().count("attach") == 3
