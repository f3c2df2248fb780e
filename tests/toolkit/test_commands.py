"""The app's commands in the menu of a real engine, with the windows Qt makes of them."""

import os

import pytest

from stand_in import Hanger
from test_disturbance import assert_quiet
from tk_incident import words
from tk_incident.errors import IncidentError
from tk_incident.report import file_report
from waiting import wait_for

REPORT = "Report a problem..."
STATUS = "Incident status"
QT = {"LIVE_QT": "1", "QT_QPA_PLATFORM": "offscreen"}


def start(workplace, instance="tk-maya", **changes):
    return workplace.start(instance, **dict(QT, **changes))


def window(host, title, **order):
    """The open window of this title, None without."""
    windows = host.do("windows", **order)["windows"]
    return next((window for window in windows if window["title"] == title), None)


def text_in(host, title, text):
    """The window's texts, once `text` is in them."""

    def found():
        seen = window(host, title)
        told = " ".join(seen["texts"]) if seen else ""
        return text in told and told

    return wait_for("%r in the window" % text, found, lambda: window(host, title))


def test_what_the_artist_says_becomes_a_ticket(workplace, tmp_path):
    host = start(workplace, TK_DEBUG="1")
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("show", command=REPORT)
    opened = window(host, "Report a problem")
    assert opened["buttons"] == {"Close": True, "Send": False}
    host.do("type_text", text="Maya hangs when I publish, 가끔")
    # Chosen once more from the menu, what was typed is still there.
    host.do("show", command=REPORT)
    assert len(host.do("windows")["windows"]) == 1
    assert window(host, "Report a problem")["buttons"]["Send"]
    host.do("press", button="Send")
    told = text_in(host, "Report a problem", "Thank you. This is")

    (ticket,) = workplace.desk.tickets()
    assert "Maya hangs when I publish, 가끔" in ticket["description"]
    assert "tk-maya" in ticket["description"]
    assert ("ticket %d</a>" % ticket["id"]) in told and "/%d" % ticket["id"] in told
    picture = os.environ.get("TK_INCIDENT_PICTURES", str(tmp_path))
    done = window(host, "Report a problem", picture=picture + "/report.png")
    assert done["buttons"] == {"Close": True}

    host.do("show", command=STATUS)
    text = text_in(host, "Incident status", "The newest ticket is")
    assert "follows 1 log." in text and "ticket %d</a>, “artist - " % ticket["id"] in text
    host.do("destroy")
    assert host.do("windows")["windows"] == []
    assert_quiet(workplace, host, "tk-maya")


def test_a_report_brings_a_dead_agent_back(workplace):
    host = start(workplace)
    workplace.agent.wait_until_up()
    host.wait_until_listening()
    workplace.agent.kill()
    host.do("show", command=REPORT)
    host.do("type_text", text="the agent is dead")
    host.do("press", button="Send")
    text_in(host, "Report a problem", "Thank you. This is")
    (ticket,) = workplace.desk.tickets()
    assert "the agent is dead" in ticket["description"]


def test_a_program_that_hangs_freezes_no_window(workplace):
    hanger = Hanger(workplace.folder)
    try:
        host = start(workplace, TK_INCIDENT_PROGRAM=hanger.path)
        wait_for("the program to start", hanger.started, host.printed)
        host.do("show", command=REPORT)
        host.do("type_text", text="nobody hears")
        host.do("press", button="Send")
        # The window goes on while the words still wait for somebody to take them.
        text_in(host, "Report a problem", "Sending")
        assert "tk-incident errand" in host.do("threads")["threads"]
        host.do("press", button="Close")
        assert host.do("windows")["windows"] == []
        assert hanger.hanging()
        host.do("destroy")
        host.quit()
    finally:
        hanger.release()


def test_without_qt_the_report_goes_without_words(workplace):
    host = start(workplace, LIVE_QT="broken")
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("show", command=REPORT)
    (ticket,) = wait_for("the ticket", workplace.desk.tickets, workplace.agent.state)
    assert "Reported from the menu" in ticket["description"]
    wait_for(
        "the answer in the host's log",
        lambda: "Thank you. This is http" in workplace.log_text("tk-maya"),
    )


def commands(workplace, instance, **changes):
    """What of ours is in the menu. The stub app adds nothing, core's own commands belong to no app."""
    return start(workplace, instance, **changes).do("commands")["commands"]


def test_the_menu_is_offered_where_it_is_shown(workplace):
    assert commands(workplace, "tk-maya") == sorted([STATUS, REPORT])
    assert commands(workplace, "tk-nuke", LIVE_QT="") == []
    assert commands(workplace, "tk-desktop") == sorted([STATUS, REPORT])


def test_site_level_desktop_gets_no_commands(workplace):
    host = workplace.host("tk-desktop", **QT)
    host.do("start", **dict(workplace.start_order("tk-desktop"), entity=None))
    assert host.do("commands")["commands"] == []


def test_an_admin_can_leave_the_commands_out(workplace):
    engines = workplace.folder / "config" / "env" / "includes" / "engines.yml"
    text = engines.read_text(encoding="utf-8")
    set_one = text.replace(
        "      extra_settings:", "      report_command: false\n      extra_settings:", 1
    )
    assert set_one != text
    engines.write_text(set_one, encoding="utf-8")
    assert commands(workplace, "tk-maya") == []


def test_a_version_that_is_known_late_is_on_the_ticket(workplace):
    bundle = workplace.own_bundle("hasty")
    path = bundle / "python" / "tk_incident" / "late_version.py"
    source = path.read_text(encoding="utf-8")
    hasty = source.replace("(5000, 30000, 120000)", "(50, 50, 50, 50, 50, 50)")
    assert hasty != source
    path.write_text(hasty, encoding="utf-8")
    host = start(workplace, LIVE_APP=str(bundle), LIVE_LATE_VERSION="1")
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("start_window", version="2.8.6 / 2.4.1")
    host.do("windows")
    host.do("settle")
    host.do("fail", reason="no more disk", message="Scene was not saved")
    (ticket,) = wait_for("the ticket", workplace.desk.tickets, workplace.agent.state)
    assert "2.8.6 / 2.4.1" in ticket["description"], ticket["description"]


def test_the_answers_in_words():
    ticket = {"ticket_id": 7, "url": "https://studio.example/detail/Ticket/7"}
    assert words.plain(words.reported(ticket)) == (
        "Thank you. This is https://studio.example/detail/Ticket/7."
    )
    odd = {"ticket_id": 7, "url": "javascript:alert(1)"}
    assert words.reported(odd) == "<p>Thank you. This is ticket 7.</p>"
    kept = words.plain(words.reported({"why": "the session is over: sign in"}))
    assert kept.endswith("possible. The session is over: sign in.")
    assert "&lt;b&gt;" in words.not_reported(IncidentError("<b>"))
    status = {
        "sources": [{"rotated": False}, {"rotated": True}, {"rotated": False}],
        "site": {"trouble": "the session is over"},
        "waiting_count": 2,
        "newest_ticket": {"id": 8, "title": "alice - <OSError>", "url": None},
    }
    assert words.plain(words.standing(status)) == (
        "The incident agent runs and follows 2 logs. It cannot file anything now: The session is over. "
        "2 things wait to be sent. The newest ticket is ticket 8, “alice - <OSError>”."
    )
    assert "no ticket yet" in words.standing({})


@pytest.mark.parametrize("log_file", ["/logs/tk-maya.log", None])
def test_a_report_takes_the_log_of_its_session(log_file):
    asked = []

    def ask(request):
        asked.append(request)
        if request["type"] == "status":
            old = {"file": "/logs/tk-desktop.log", "rotated": True}
            new = {"file": "/home/a/logs/tk-desktop.log", "rotated": False}
            return {"sources": [{"file": "/logs/tk-maya.log"}, old, new]}
        return {"ok": True, "key": "report:1", "ticket_id": 7}

    facts = {"pid": 5, "log_file": log_file, "engine": {"instance": "tk-desktop"}}
    assert file_report(ask, "it hangs", facts)["ticket_id"] == 7
    (report,) = [request for request in asked if request["type"] == "report"]
    assert report["logs"] == [log_file or "/home/a/logs/tk-desktop.log"]
    assert report["comment"] == "it hangs" and report["pid"] == 5
