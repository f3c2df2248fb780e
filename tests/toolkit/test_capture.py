"""Direct capture: what the host's thread does, what is handed over, and what becomes of it with a real engine and agent."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import types

import pytest

from hosts import REPOSITORY
from tk_incident import outbox
from tk_incident.capture import Capture, wanted
from tk_incident.channel import NobodyThere
from test_engine import ticket_with
from waiting import wait_for

NAME = "sgtk.env.shot.tk-maya.tk-multi-stub"


class Agent:
    """Stands in for `ask`: takes what is handed over, as long as it is there."""

    def __init__(self, monkeypatch):
        self.requests = []
        self.is_there = True
        self.answer = {"ok": True}
        self.free = threading.Event()
        self.free.set()
        monkeypatch.setattr(outbox, "ask", self.ask)
        monkeypatch.setattr(outbox, "_PAUSES_S", (0.01,) * 1000)

    def ask(self, name, request, timeout_s):
        assert self.free.wait(60)
        if not self.is_there:
            raise NobodyThere("ECONNREFUSED")
        self.requests.append(json.loads(json.dumps(request)))
        return self.answer

    def numbers(self):
        return [
            request["first"] + index
            for request in self.requests
            for index in range(len(request["records"]))
        ]

    def records(self):
        return [record for request in self.requests for record in request["records"]]

    def wait(self, count):
        wait_for("%d records" % count, lambda: len(self.records()) >= count)
        return self.records()


@pytest.fixture
def agent(monkeypatch):
    return Agent(monkeypatch)


@pytest.fixture
def root():
    """A root like Toolkit's, with a log handler before ours."""
    logger = logging.Logger("sgtk", logging.DEBUG)
    logger.lines = []
    handler = logging.Handler()
    handler.setFormatter(
        logging.Formatter("%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s")
    )
    handler.emit = lambda record: logger.lines.append(handler.format(record))
    logger.addHandler(handler)
    yield logger
    for left in list(logger.handlers):
        logger.removeHandler(left)


def capture_of(root, wants=(True, False)):
    made = Capture(
        wants,
        {"pid": os.getpid(), "started": "now"},
        types.SimpleNamespace(root_logger=root, log_file="/logs/tk-maya.log"),
        engine_logger="sgtk.env.shot.tk-maya",
        own_name="tk-incidentreporter",
        every_uncaught=False,
    )
    made.start()
    return made


def say(root, message, *arguments, **more):
    name, level = more.pop("name", NAME), more.pop("level", logging.ERROR)
    record = root.makeRecord(
        name, level, "/x.py", 1, message, arguments, more.get("exc_info")
    )
    root.handle(record)


def as_logged(record):
    text = "%(time)s [{pid} %(level)s %(logger)s] %(message)s" % record
    below = record["exception"]
    return text.format(pid=os.getpid()) + ("\n" + below if below else "")


def test_what_is_handed_over_is_what_the_log_shows(agent, root):
    capture = capture_of(root)
    capture.reach("agent")
    say(root, "no %s", "scene")
    say(root, "both\nlines", level=logging.CRITICAL, name="sgtk.core.hook")
    try:
        raise ValueError("게시할 수 없습니다")
    except ValueError:
        say(root, "Publish failed", exc_info=sys.exc_info())
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        say(root, "not this", level=level)
    records = agent.wait(3)
    assert [as_logged(record) for record in records] == root.lines[:3]
    head = agent.requests[0]
    assert (head["pid"], head["started"], head["log_file"], head["first"]) == (
        os.getpid(),
        "now",
        "/logs/tk-maya.log",
        1,
    )
    assert agent.numbers() == [1, 2, 3]
    assert not any(record["uncaught"] for record in records)


def test_our_own_records_and_those_desktop_passes_on_are_left_out(agent, root):
    capture = capture_of(root)
    capture.reach("agent")
    for name in ("tk-incidentreporter", "tk-incidentreporter.tkimp0.tk_incident"):
        say(root, "ours", name="sgtk.env.shot.tk-maya." + name)
    say(root, "[PROXY] no scene", name="sgtk.ext.tkimp0.site_communication")
    say(root, "theirs", name="sgtk.env.shot.tk-maya.tk-incidentreporter2")
    agent.wait(1)
    assert [record["message"] for record in agent.records()] == ["theirs"]


def test_the_host_neither_waits_nor_hears_of_an_agent_that_hangs(agent, root):
    agent.free.clear()
    capture = capture_of(root)
    capture.reach("agent")
    for number in range(20):
        say(root, "number %d", number)
    assert len(root.lines) == 20 and agent.requests == []
    agent.free.set()
    agent.wait(20)
    assert agent.numbers() == list(range(1, 21))


def test_a_dead_agent_gets_all_when_it_is_back(agent, root):
    agent.is_there = False
    capture = capture_of(root)
    capture.reach("agent")
    for number in range(5):
        say(root, "number %d", number)
    agent.is_there = True
    assert [record["message"][-1] for record in agent.wait(5)] == list("01234")
    assert agent.requests[-1]["dropped"] == 0


def test_an_answer_that_is_no_yes_is_asked_again_with_the_same_numbers(agent, root):
    agent.answer = {"ok": False, "error": "the state cannot be written now"}
    capture = capture_of(root)
    capture.reach("agent")
    say(root, "once")
    wait_for("two tries", lambda: len(agent.requests) >= 2)
    agent.answer = {"ok": True}
    wait_for("the end", lambda: capture._outbox.is_empty)
    assert {request["first"] for request in agent.requests} == {1}


def test_an_agent_that_does_not_know_records_is_left_alone(agent, root):
    agent.answer = {"ok": False, "code": "not_understood"}
    capture = capture_of(root)
    capture.reach("agent")
    say(root, "once")
    wait_for("the end", lambda: capture._outbox.is_empty)
    say(root, "twice")
    assert capture._outbox.is_empty and len(agent.requests) == 1


def test_nothing_is_sent_before_the_agent_says_where_it_is(agent, root):
    capture = capture_of(root)
    say(root, "early")
    assert agent.requests == [] and not capture._outbox.is_empty
    capture.reach("agent")
    assert agent.wait(1)[0]["message"] == "early"


def test_a_storm_is_bounded_and_what_is_dropped_is_counted(agent, root):
    agent.is_there = False
    capture = capture_of(root)
    capture.reach("agent")
    for number in range(10000):
        say(root, "number %d", number)
    assert len(capture._outbox._waiting) == outbox.MOST_RECORDS
    agent.is_there = True
    wait_for("the end", lambda: capture._outbox.is_empty)
    assert agent.numbers() == list(range(1, outbox.MOST_RECORDS + 1))
    assert agent.requests[-1]["dropped"] == 10000 - outbox.MOST_RECORDS
    # Long ones are bounded by their size, and cut.
    for _ in range(100):
        say(root, "x" * 10**6)
    wait_for("the end", lambda: capture._outbox.is_empty)
    assert all(len(record["message"]) < 140 * 1024 for record in agent.records())
    assert all(len(json.dumps(request)) < 1024 * 1024 for request in agent.requests)


def test_what_waits_holds_nothing_of_what_is_cut(agent, root):
    root.handlers = []
    capture = capture_of(root)  # and no agent
    tracemalloc.start()
    try:
        for number in range(100):
            say(root, "%d" % number + "x" * 10**6)
            try:
                raise ValueError("y" * 10**6)
            except ValueError:
                say(root, "z", exc_info=sys.exc_info())
        held_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert capture._outbox._dropped > 0
    assert held_bytes < 2 * outbox.MOST_CHARACTERS


def test_texts_that_fail_or_log_while_they_are_made_harm_nobody(agent, root):
    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    class Loud:
        def __str__(self):
            say(root, "while %s", "it is made")
            return "loud"

    root.handlers = []
    capture = capture_of(root)
    capture.reach("agent")
    say(root, "a %s", Broken())
    say(root, "a %d", "word")
    say(root, "a %s", Loud())
    say(root, "last")
    agent.wait(2)
    assert [record["message"] for record in agent.records()] == ["a loud", "last"]
    assert agent.requests[-1]["dropped"] == 3


def test_start_and_stop_leave_one_handler_and_none(agent, root):
    capture = capture_of(root)
    capture.start()
    assert len(root.handlers) == 2
    say(root, "before")
    capture.stop()
    say(root, "after")
    assert len(root.handlers) == 1
    capture.reach("agent")
    assert [record["message"] for record in agent.wait(1)] == ["before"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_of_the_host_hands_nothing_over(agent, root):
    capture = capture_of(root)
    # At any moment: also while a thread of ours holds the lock.
    with capture._outbox._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # it would wait for ever
            say(root, "of the child")
            os._exit(0 if not capture._outbox._waiting else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_wanted():
    for setting, engine, is_project, expected in [
        ("auto", "tk-maya", True, (True, True)),
        ("auto", "tk-desktop", True, (True, False)),
        ("auto", "tk-desktop", False, (False, False)),
        ("auto", "tk-alias", True, (False, False)),
        ("auto", "tk-shell", True, (False, False)),
        ("auto", None, False, (False, False)),
        ("on", "tk-shell", False, (True, True)),
        ("on", "tk-desktop", False, (True, False)),
        ("on", "tk-alias", True, (True, False)),
        ("off", "tk-maya", True, (False, False)),
        ("sometimes", "tk-maya", True, (True, True)),
    ]:
        assert wanted(setting, engine, is_project) == expected, (setting, engine)


ENDING = """\
import logging, sys, time, types
sys.path.insert(0, %(python)r)
from tk_incident import outbox
from tk_incident.capture import Capture
how = %(how)r
taken = open(%(taken)r, "a")

def ask(name, request, timeout_s):
    if how == "hang":
        time.sleep(60)
    if how == "dead":
        raise OSError("nobody there")
    taken.write("".join(record["message"] + "\\n" for record in request["records"]))
    taken.flush()
    return {"ok": True}

outbox.ask = ask
if how in ("well", "raise"):
    outbox._LAST_CHANCE_S = 30  # on a busy machine
root = logging.getLogger("sgtk")
root.addHandler(logging.NullHandler())
manager = types.SimpleNamespace(root_logger=root, log_file=None)
capture = Capture((True, True), {}, manager, "sgtk.env.a.tk-maya", "own", True)
capture.start()
capture.reach("agent")
for number in range(300):
    root.error("number %%d", number)
if how == "raise":
    raise ValueError("nobody catches this")
"""


@pytest.mark.parametrize("how", ["well", "raise", "hang", "dead"])
def test_an_interpreter_that_ends_is_not_held_up(tmp_path, how):
    taken = tmp_path / "taken"
    python = os.path.join(REPOSITORY, "python")
    script = ENDING % {"python": python, "how": how, "taken": str(taken)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, timeout=60
    )
    said = done.stderr.decode("utf-8")
    lines = taken.read_text().splitlines()
    if how == "raise":
        assert said.count("Traceback") == 1 and "nobody catches this" in said
        # From `-c`, which is nobody's file.
        assert lines == ["number %d" % number for number in range(300)]
    else:
        assert said == ""
    if how == "well":
        assert lines == ["number %d" % number for number in range(300)]
    # Far less than what hangs would take.
    assert time.monotonic() - began < 50


# With a real engine, its log and an agent.


def settle(host):
    host.do("settle")


def outcomes(workplace):
    status = workplace.agent.status()
    return status["outcomes"] if status else {}


def wait_for_outcomes(workplace, **expected):
    wait_for(
        "the outcomes %s" % expected,
        lambda: outcomes(workplace) == expected,
        workplace.agent.state,
    )


def captured_host(workplace, instance="tk-captured"):
    host = workplace.start(instance)
    workplace.agent.wait_until_following(workplace.log_file(instance))
    settle(host)
    return host


def test_a_record_in_the_log_and_of_the_host_is_one_ticket_with_one_count(workplace):
    host = captured_host(workplace)
    host.do("fail", reason="no more disk", message="Scene was not saved")
    wait_for_outcomes(workplace, filed=1, merged=1)
    host.do("restart")
    settle(host)
    host.do("fail", reason="no more disk", message="Scene was not saved")
    wait_for_outcomes(workplace, filed=1, merged=2, duplicate=1)
    ticket = ticket_with(workplace, "no more disk", attachments=2)
    assert "Maya" in ticket["description"]
    captured = workplace.agent.status()["captured"]
    assert (captured["records"], captured["dropped"]) == (2, 0)


def test_a_storm_of_a_host_counts_each_record_once(workplace):
    host = captured_host(workplace)
    # More than wait for their second sight one by one (docs/capture.md).
    times = 10000
    host.do("fail", reason="no more disk", message="Scene was not saved", times=times)

    def all_of_them():
        status = workplace.agent.status()
        sights = times + status["captured"]["records"]
        # What was handed over last is merged when the log is read to its end.
        merged = status["outcomes"].get("merged") == status["captured"]["records"]
        return status["seen"] == sights and merged and status

    status = wait_for("%d records" % times, all_of_them, workplace.agent.state)
    found = status["outcomes"]
    assert found["filed"] + found["duplicate"] == times, found
    assert found["merged"] == status["captured"]["records"] > 0, found
    # The host held no more of them than it may, and said so.
    handed_over = status["captured"]["records"] + status["captured"]["dropped"]
    assert handed_over <= times


def test_an_exception_nobody_catches_becomes_an_incident(workplace):
    host = captured_host(workplace)
    host.do("uncaught", reason="no main shot", thread=False)
    # Its log is empty.
    ticket_with(workplace, "no main shot", attachments=1)
    host.do("uncaught", reason="no shot in a thread", thread=True)
    ticket = ticket_with(workplace, "no shot in a thread")
    assert "Traceback" in host.printed(), "Python's own hook comes first"
    assert ticket["title"].startswith("artist - LookupError"), ticket["title"]
    wait_for_outcomes(workplace, filed=2)
    # Nothing of it is in the log.
    assert "no main shot" not in workplace.log_text("tk-captured")


def test_an_agent_that_was_killed_gets_what_happened_meanwhile(workplace):
    host = captured_host(workplace)
    workplace.agent.kill()
    host.do("uncaught", reason="while nobody was there", thread=False)
    # Whoever attaches next starts an agent.
    other = workplace.start("tk-nuke")
    settle(other)
    ticket_with(workplace, "while nobody was there")


def test_what_a_project_of_desktop_passes_on_counts_once(workplace):
    site = workplace.start("tk-desktop")
    settle(site)
    project = captured_host(workplace, "tk-project")
    # The project's process has no log of its own while it works.
    project.do("pass_on")
    project.do("fail", reason="no software", message="Launch failed")
    # The site's process writes what came over the pipe.
    (text,) = project.do("passed_on")["texts"]
    site.do("log_passed_on", text=text)
    wait_for_outcomes(workplace, filed=1, merged=1)
    ticket = ticket_with(workplace, "no software")
    assert "sgtk.env.project.tk-project" in ticket["description"]
    # A second time is a second time.
    project.do("fail", reason="no software", message="Launch failed")
    site.do("log_passed_on", text=text)
    wait_for_outcomes(workplace, filed=1, merged=2, duplicate=1)


def test_the_end_of_a_session_leaves_nothing_behind_in_the_host(workplace):
    host = captured_host(workplace)
    assert host.do("hooks") == {"handlers": 1, "main": True, "thread": True}
    host.do("change_context", entity=workplace.desk.project)
    host.do("restart")
    assert host.do("hooks") == {"handlers": 1, "main": True, "thread": True}
    host.do("destroy")
    assert host.do("hooks") == {"handlers": 0, "main": False, "thread": False}
