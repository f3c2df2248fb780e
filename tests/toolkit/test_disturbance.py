"""What goes wrong on our side never shows in the host: no exception, no wait, no question, nothing
in its log that looks like trouble."""

import os

import pytest

from host_log import ours, records
from stand_in import Hanger
from tap import Tap
from waiting import wait_for


def assert_undisturbed(workplace, host, instance):
    """The engine works, can be restarted and destroyed, and its log is quiet."""
    assert host.do("restart")["apps"] == ["tk-incidentreporter", "tk-multi-stub"]
    host.do("change_context", entity=workplace.desk.project)
    host.do("destroy")
    assert_quiet(workplace, host, instance)


def assert_quiet(workplace, host, instance):
    found = records(workplace, instance)
    assert found, "the host wrote no log"
    loud = [record for record in found if record[0] in ("ERROR", "CRITICAL")]
    assert not loud, loud
    text = workplace.log_text(instance) + host.printed()
    for word in ("Traceback", "CRITICAL"):
        assert word not in text, text


def test_all_well(workplace):
    host = workplace.start("tk-maya", TK_DEBUG="1")
    workplace.agent.wait_until_up()
    assert_undisturbed(workplace, host, "tk-maya")
    levels = {level for level, _ in ours(workplace, "tk-maya")}
    assert levels == {"DEBUG"}


def test_a_missing_program_is_one_warning(workplace):
    host = workplace.start(
        "tk-maya", TK_INCIDENT_PROGRAM="/nowhere/tk-incident", PATH="/nowhere"
    )
    wait_for(
        "the warning in the host's log",
        lambda: ours(workplace, "tk-maya"),
        host.printed,
    )
    host.do("change_context", entity=workplace.desk.project)
    ((level, message),) = ours(workplace, "tk-maya")
    assert level == "WARNING"
    assert "/nowhere/tk-incident" in message and "program_path" in message
    assert_undisturbed(workplace, host, "tk-maya")


def test_folders_that_cannot_be_written(workplace):
    file = workplace.folder / "a file"
    file.write_text("no folder can be made below")
    host = workplace.start(
        "tk-maya",
        HOME=str(file / "home"),
        TK_INCIDENT_AGENT_STATE_DIR=str(file / "state"),
    )
    host.do("settle")
    assert_undisturbed(workplace, host, "tk-maya")
    assert {level for level, _ in ours(workplace, "tk-maya")} <= {"WARNING"}


def test_a_hanging_program_holds_nobody_up(workplace):
    hanger = Hanger(workplace.folder)
    try:
        host = workplace.start("tk-maya", TK_INCIDENT_PROGRAM=hanger.path)
        wait_for("the program to start", hanger.started, host.printed)
        # A host that waited would go on only after the program was ended.
        assert hanger.hanging()
        assert_undisturbed(workplace, host, "tk-maya")
        assert hanger.hanging()
        host.quit()
    finally:
        hanger.release()


def test_an_agent_that_was_killed_is_not_missed(workplace):
    host = workplace.start("tk-maya", TK_DEBUG="1")
    workplace.agent.wait_until_up()
    workplace.agent.kill()
    host.do("destroy")
    assert_quiet(workplace, host, "tk-maya")


BREAKAGES = {
    "cannot be loaded": "raise RuntimeError('Traceback: CRITICAL ERROR')",
    "fails when the session starts": "Session.__init__ = fails",
    "fails whenever it is asked": "Session.attach = Session.detach = fails",
}


@pytest.mark.parametrize("breakage", sorted(BREAKAGES))
def test_a_payload_that(workplace, breakage):
    """A fault of ours stays behind the door, down to the words in a debug log."""
    bundle = workplace.own_bundle("broken")
    with open(str(bundle / "python" / "tk_incident" / "session.py"), "a") as session:
        session.write(
            "def fails(*args, **kwargs):\n"
            "    raise RuntimeError('Traceback: CRITICAL ERROR')\n"
            + BREAKAGES[breakage]
        )

    host = workplace.start("tk-maya", LIVE_APP=str(bundle), TK_DEBUG="1")
    assert_undisturbed(workplace, host, "tk-maya")
    told = " ".join(message for _, message in ours(workplace, "tk-maya"))
    assert "RuntimeError: traceback: critical error" in told
    assert "ERROR" not in told and {l for l, _ in ours(workplace, "tk-maya")} == {
        "DEBUG"
    }


@pytest.fixture
def tap(workplace):
    tap = Tap(workplace.desk.url)
    yield tap
    tap.stop()


def test_the_app_asks_the_site_nothing(workplace, tap):
    def calls(instance):
        before = len(tap.toolkit_calls())
        host = workplace.start(instance, LIVE_SITE=tap.url)
        host.do("change_context", entity=workplace.desk.project)
        host.do("restart")
        host.do("destroy")
        host.quit()
        return tap.toolkit_calls()[before:]

    bare = calls("tk-bare")
    assert bare, "Toolkit's own calls did not come by here"
    assert calls("tk-maya") == bare


def test_an_expired_session_asks_nobody(workplace, tap):
    """The session ends between the bootstrap and the engine start. A call of ours would now make
    Toolkit ask for the password on standard input."""

    def calls(instance):
        before = len(tap.toolkit_calls())
        host = workplace.host(instance, LIVE_SITE=tap.url)
        order = workplace.start_order(instance)
        host.do("start", expired=True, **order)
        asked = tap.toolkit_calls()[before:]
        assert "password" not in host.printed().lower(), host.printed()
        return asked

    assert calls("tk-maya") == calls("tk-bare")
    status = workplace.agent.wait_until_up()
    assert status["tickets"] in (0, []), status


def test_what_an_expired_session_could_not_file_the_next_one_files(workplace):
    agent = workplace.agent
    maya = workplace.host("tk-maya")
    maya.do("start", expired=True, **workplace.start_order("tk-maya"))
    agent.wait_until_following(workplace.log_file("tk-maya"))
    maya.do("fail", reason="no more disk", message="Scene was not saved")
    wait_for(
        "the agent to see that it may not file",
        lambda: agent.status()["waiting"] and agent.status()["site"]["trouble"],
        agent.state,
    )
    assert workplace.desk.tickets() == []

    workplace.start("tk-nuke")
    (ticket,) = wait_for("the ticket", workplace.desk.tickets, agent.state)
    assert "Scene was not saved" in ticket["description"]
