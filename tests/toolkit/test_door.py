"""The door and the child behind it, with stand-in programs."""

import os
import subprocess
import threading

import pytest

from stand_in import Hanger, Recorder, write
from tk_incident import at_login, child, environment
from tk_incident.door import Door
from tk_incident.errors import CallRefused, CallTimedOut, ProgramUnusable
from waiting import wait_for


class Deliveries:
    """Takes what the door delivers; holds a delivery while `free` is clear."""

    def __init__(self):
        self.taken = []
        self.threads = set()
        self.said = []
        self.failing = False
        self.free = threading.Event()
        self.free.set()
        self.door = Door(
            self.deliver,
            lambda text: self.said.append(("warning", text)),
            lambda text: self.said.append(("debug", text)),
        )

    def deliver(self, verb, message):
        self.taken.append((verb, message))
        self.threads.add(threading.current_thread())
        assert self.free.wait(60)
        if self.failing:
            raise CallRefused("tk-incident", verb, 70)

    def wait(self, count):
        wait_for("%d deliveries" % count, lambda: len(self.taken) >= count)

    def settle(self):
        wait_for(
            "the door's thread to end",
            lambda: not any(t.is_alive() for t in self.threads),
        )


def test_an_attach_is_delivered_on_a_daemon_thread_that_ends():
    deliveries = Deliveries()
    assert deliveries.door.attach({"n": 1})
    deliveries.wait(1)
    (thread,) = deliveries.threads
    assert thread is not threading.current_thread() and thread.daemon
    deliveries.settle()


def test_the_same_state_is_sent_once():
    deliveries = Deliveries()
    deliveries.door.attach({"n": 1})
    deliveries.wait(1)
    assert not deliveries.door.attach({"n": 1})
    assert deliveries.door.attach({"n": 2})
    deliveries.wait(2)
    assert deliveries.taken == [("attach", {"n": 1}), ("attach", {"n": 2})]


def test_while_one_is_under_way_only_the_newest_state_waits():
    deliveries = Deliveries()
    deliveries.free.clear()
    deliveries.door.attach({"n": 1})
    deliveries.wait(1)
    for n in (2, 3, 4):
        deliveries.door.attach({"n": n})
    deliveries.door.detach({"end": True})
    deliveries.free.set()
    deliveries.wait(3)
    deliveries.settle()
    assert deliveries.taken == [
        ("attach", {"n": 1}),
        ("attach", {"n": 4}),
        ("detach", {"end": True}),
    ]


def test_failures_warn_once_and_the_same_state_may_be_tried_again():
    deliveries = Deliveries()
    deliveries.failing = True
    for count in (1, 2, 3):
        assert deliveries.door.attach({"n": 1})
        deliveries.wait(count)
        deliveries.settle()
    deliveries.door.detach({"end": True})
    deliveries.wait(4)
    deliveries.settle()
    assert [level for level, _ in deliveries.said] == [
        "warning",
        "debug",
        "debug",
        "debug",
    ]
    for _, text in deliveries.said:
        assert not any(word in text for word in ("ERROR", "CRITICAL", "Traceback"))


def test_a_detach_nobody_hears_is_no_warning():
    deliveries = Deliveries()
    deliveries.failing = True
    deliveries.door.detach({"end": True})
    deliveries.wait(1)
    deliveries.settle()
    assert [level for level, _ in deliveries.said] == ["debug"]


def test_a_log_handler_that_raises_does_not_stop_the_door():
    def raises(text):
        raise RuntimeError(text)

    taken = []

    def deliver(verb, message):
        taken.append(message)
        raise CallRefused("tk-incident", verb, 1)

    door = Door(deliver, raises, raises)
    door.attach({"n": 1})
    wait_for("the first delivery", lambda: len(taken) == 1)
    door.attach({"n": 2})
    wait_for("the second delivery", lambda: len(taken) == 2)


def test_the_program_gets_one_object_and_a_clean_environment(tmp_path):
    recorder = Recorder(tmp_path)
    environ = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "SHOTGUN_HOME": "/studio",
        "https_proxy": "proxy:8080",
        "LC_ALL": "C.UTF-8",
        "TZ": "Asia/Seoul",
        "TK_INCIDENT_AGENT_STATE_DIR": "/state",
        "TANK_CONTEXT": "a token",
        "SHOTGUN_DESKTOP_CURRENT_USER": "a token",
        "PYTHONHOME": "/opt/host/python",
        "LD_LIBRARY_PATH": "/opt/host/lib",
        "QT_PLUGIN_PATH": "/opt/host/qt",
    }
    message = {"v": 1, "name": "작업", "odd": "a\udc80b", "day": object}
    with open(str(tmp_path / "a file of the host"), "w") as held:
        os.set_inheritable(held.fileno(), True)
        child.call(recorder.path, "attach", message, environ)

    (call,) = recorder.calls()
    assert call["arguments"] == ["attach"]
    assert '"작업"' in call["stdin"] and '"a?b"' in call["stdin"]
    kept = {
        "PATH",
        "HOME",
        "SHOTGUN_HOME",
        "https_proxy",
        "LC_ALL",
        "TZ",
        "TK_INCIDENT_AGENT_STATE_DIR",
    }
    # The interpreter of the stand-in may add a locale of its own.
    assert set(call["environ"]) - {"LC_CTYPE"} == kept
    assert call["folder"] == str(tmp_path)
    assert call["session"] != os.getsid(0)
    assert not any("a file of the host" in name for name in call["files"])


def test_the_entry_for_the_login_is_asked_for_once_for_each_program(tmp_path):
    recorder = Recorder(tmp_path)
    environ = {"PATH": os.defpath, "HOME": str(tmp_path / "home")}
    os.mkdir(environ["HOME"])
    for _ in range(3):
        at_login.ask_once(recorder.path, environ)
    assert [call["arguments"] for call in recorder.calls()] == [["autostart", "on"]]

    with open(recorder.path, "a") as program:
        program.write("# another version\n")
    at_login.ask_once(recorder.path, environ)
    assert len(recorder.calls()) == 2


def test_an_entry_that_was_refused_is_asked_for_again(tmp_path):
    recorder = Recorder(tmp_path, exit_code=1)
    environ = {"PATH": os.defpath, "HOME": str(tmp_path)}
    for _ in range(2):
        with pytest.raises(CallRefused):
            at_login.ask_once(recorder.path, environ)
    assert len(recorder.calls()) == 2


def test_without_a_home_the_program_runs_in_a_folder_that_is_there(tmp_path):
    recorder = Recorder(tmp_path)
    child.call(recorder.path, "attach", {}, {"PATH": os.defpath, "HOME": "/nowhere"})
    (call,) = recorder.calls()
    assert os.path.isdir(call["folder"])


def test_a_big_message_reaches_a_program_and_a_deaf_one_is_ended(tmp_path):
    message = {"apps": "x" * 1000000}
    recorder = Recorder(tmp_path)
    child.call(recorder.path, "attach", message, {"PATH": os.defpath})
    assert len(recorder.calls()[0]["stdin"]) > 1000000

    deaf = tmp_path / "deaf"
    deaf.mkdir()
    hanger = Hanger(deaf)
    with pytest.raises(CallTimedOut) as late:
        child.call(hanger.path, "attach", message, {"PATH": os.defpath}, limit_s=1)
    assert hanger.started() and not hanger.hanging()
    assert "xxx" not in str(late.value)


def test_what_goes_wrong_is_told_apart(tmp_path):
    refused = Recorder(tmp_path, exit_code=3)
    with pytest.raises(CallRefused) as refusal:
        child.call(refused.path, "detach", {}, {})
    assert refusal.value.exit_code == 3
    assert str(refusal.value).endswith("exit code 3: run `%s doctor`" % refused.path)

    speaks = "import sys; sys.stderr.write('error: no CRITICAL\\nlibrary %s' * 99); sys.exit(2)"
    for token, expected in (("", "no critical library"), ("library", "run `")):
        path = write(tmp_path / ("speaks" + token), speaks % "x")
        with pytest.raises(CallRefused) as refusal:
            message = {"site": {"session_token": token}}
            child.call(path, "attach", message, {"PATH": os.defpath})
        said = str(refusal.value)
        assert ("exit code 2: " + expected) in said and len(said) < 1000, said

    no_program = tmp_path / "data"
    no_program.write_text("not a program")
    with pytest.raises(ProgramUnusable):
        child.call(str(no_program), "attach", {}, {})
    no_program.chmod(0o755)
    with pytest.raises(ProgramUnusable):
        child.call(str(no_program), "attach", {}, {})


def test_a_program_that_leaves_at_once_without_reading_is_fine(tmp_path):
    path = write(tmp_path / "hasty", "import sys; sys.exit(0)")
    child.call(path, "attach", {"apps": "x" * 1000000}, {"PATH": os.defpath})


def test_a_copy_that_is_still_open_elsewhere_is_tried_again(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path)
    writer = open(recorder.path, "a")
    monkeypatch.setattr(child, "_pause", writer.close)
    child.call(recorder.path, "attach", {}, dict(os.environ))
    assert writer.closed and len(recorder.calls()) == 1

    writer = open(recorder.path, "a")
    monkeypatch.setattr(child, "_pause", lambda: None)
    with pytest.raises(ProgramUnusable):
        child.call(recorder.path, "attach", {}, dict(os.environ))
    writer.close()


def test_on_windows_it_starts_without_a_window_and_outside_the_hosts_job(monkeypatch):
    names = "CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP", "CREATE_BREAKAWAY_FROM_JOB"
    window, group, breakaway = 1, 2, 4
    for name, flag in zip(names, (window, group, breakaway)):
        monkeypatch.setattr(subprocess, name, flag, raising=False)
    monkeypatch.setattr(child.sys, "platform", "win32")
    started = []

    def popen(command, creationflags, close_fds, **options):
        started.append(creationflags)
        assert close_fds and not options.get("start_new_session")
        if creationflags & breakaway:
            raise PermissionError("the job does not allow to leave it")
        return "child"

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert child._start(["tk-incident"], {}, None) == "child"
    assert started == [window | group | breakaway, window | group]


def test_the_clean_environment_is_a_list_of_what_is_kept():
    assert environment.clean(
        {"HOME": "/h", "XDG_STATE_HOME": "/s", "MAYA_LOCATION": "/m"}
    ) == {
        "HOME": "/h",
        "XDG_STATE_HOME": "/s",
    }
