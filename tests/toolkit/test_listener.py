"""What the app does when a running agent says something, or nothing any more."""

import json
import socket
import threading

import pytest

from tk_incident.listener import Listener
from waiting import wait_for

WHO = {"pid": 2764, "started": "2026-01-14T10:40:02.118204Z"}


class AgentEnd:
    """The agent's end of the channel: takes requests, keeps those who listen."""

    def __init__(self, folder, listen_answer=None):
        self.name = str(folder / "agent.sock")
        self.requests = []
        self.listening = []
        self._listen_answer = listen_answer or {"ok": True, "v": 1}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(self.name)
        self._socket.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                end, _ = self._socket.accept()
            except OSError:
                return
            request = json.loads(end.makefile("rb").readline().decode())
            is_listener = request["type"] == "listen"
            answer = self._listen_answer if is_listener else {"ok": True, "v": 1}
            end.sendall(json.dumps(answer).encode() + b"\n")
            # Kept first: who sees the request may want to say something to the listener.
            if is_listener and answer["ok"]:
                self.listening.append(end)
            else:
                end.close()
            self.requests.append(request)

    def say(self, **line):
        self.listening[-1].sendall(json.dumps(line).encode() + b"\n")

    def hang_up(self):
        self.listening.pop().close()

    def of_type(self, kind):
        return [request for request in self.requests if request["type"] == kind]

    def close(self):
        self._socket.close()
        for end in self.listening:
            end.close()


class Life:
    """A listener with what it asks of its session."""

    def __init__(self, agent, pauses_s=(0.01,)):
        self.agent = agent
        self.attached = []
        self.gone = []
        self.notes = []
        self.site = {"url": "https://studio.example", "session_token": "token-2"}
        self.listener = Listener(
            dict(WHO),
            self._again,
            lambda: self.gone.append(1),
            lambda: self.site,
            self.notes.append,
            pauses_s,
        )

    def _again(self):
        self.attached.append(1)
        self.listener.listen(self.agent.name)

    def thread(self):
        return self.listener._thread


@pytest.fixture
def life(tmp_path):
    agent = AgentEnd(tmp_path)
    life = Life(agent)
    life.listener.listen(agent.name)
    wait_for("the listener", lambda: agent.listening)
    yield life
    life.listener.stop()
    wait_for("the end of the thread", lambda: life.thread() is None)
    agent.close()


def test_it_says_whom_it_listens_for(life):
    wait_for("the request", lambda: life.agent.requests)
    assert life.agent.requests == [dict(WHO, v=1, type="listen")]
    assert life.thread().daemon


def test_the_token_of_this_moment_is_sent_on_request(life):
    life.site = dict(life.site, session_token="token-3")
    life.agent.say(v=1, type="something of a later version")
    life.agent.say(v=1, type="renew")
    wait_for("the token", lambda: life.agent.of_type("renew"))
    assert life.agent.of_type("renew") == [{"v": 1, "type": "renew", "site": life.site}]

    life.site = dict(life.site, session_token=None)
    life.agent.say(v=1, type="renew")
    life.agent.say(v=1, type="bye", reason="stopped")
    wait_for("the end", lambda: life.thread() is None)
    assert len(life.agent.of_type("renew")) == 1


def test_a_renewal_that_fails_ends_nothing(life):
    life.listener._renew = lambda: 1 / 0
    life.agent.say(v=1, type="renew")
    wait_for("a note", lambda: life.notes)
    life.listener._renew = lambda: life.site
    life.agent.say(v=1, type="renew")
    wait_for("the token", lambda: life.agent.of_type("renew"))


def test_an_agent_that_says_bye_is_not_brought_back(life):
    life.agent.say(v=1, type="bye", reason="stopped")
    wait_for("the end", lambda: life.thread() is None)
    assert life.attached == [] and life.gone == [1]

    life.listener.listen(life.agent.name)
    wait_for("the next start", lambda: len(life.agent.of_type("listen")) == 2)


def test_an_agent_that_dies_is_brought_back(life):
    for deaths in (1, 2, 3):
        life.agent.hang_up()
        wait_for("another attach", lambda: len(life.attached) == deaths)
        wait_for("the listener", lambda: life.agent.listening)
    assert len(life.gone) == 3


def test_an_agent_that_was_taken_over_has_a_successor(life):
    life.agent.say(v=1, type="bye", reason="taken_over")
    wait_for("another attach", lambda: life.attached)
    wait_for("the listener", lambda: len(life.agent.of_type("listen")) == 2)


def test_a_pause_is_over_when_somebody_else_brings_the_agent_back(tmp_path):
    agent = AgentEnd(tmp_path)
    life = Life(agent, pauses_s=(3600,))
    life.listener.listen(agent.name)
    wait_for("the listener", lambda: agent.listening)
    agent.hang_up()
    wait_for("the loss to be seen", lambda: life.gone)
    life.listener.listen(agent.name)
    wait_for("the listener", lambda: agent.listening)
    assert life.attached == []
    life.listener.stop()
    wait_for("the end of the thread", lambda: life.thread() is None)
    agent.close()


def test_an_end_in_a_pause_waits_for_nothing(tmp_path):
    agent = AgentEnd(tmp_path)
    life = Life(agent, pauses_s=(3600,))
    life.listener.listen(agent.name)
    wait_for("the listener", lambda: agent.listening)
    agent.hang_up()
    wait_for("the loss to be seen", lambda: life.gone)
    life.listener.stop()
    wait_for("the end of the thread", lambda: life.thread() is None)
    life.listener.listen(agent.name)
    assert life.thread() is None and life.attached == []
    agent.close()


def test_an_agent_that_does_not_know_listeners_is_left_alone(tmp_path):
    refusal = {"ok": False, "v": 1, "code": "not_understood"}
    agent = AgentEnd(tmp_path, refusal)
    life = Life(agent)
    life.listener.listen(agent.name)
    wait_for("the end of the thread", lambda: life.gone and life.thread() is None)
    assert len(agent.requests) == 1 and life.attached == []
    agent.close()


def test_a_real_agent_that_was_killed_is_brought_back(workplace):
    """With the pauses of the app cut short; everything else is as it is."""
    bundle = workplace.own_bundle("hasty")
    path = bundle / "python" / "tk_incident" / "listener.py"
    source = path.read_text(encoding="utf-8")
    assert "PAUSES_S = (30, 600, 1800)" in source
    path.write_text(source.replace("(30, 600, 1800)", "(0.1,)"), encoding="utf-8")

    host = workplace.start("tk-maya", LIVE_APP=str(bundle))
    agent = workplace.agent
    first = agent.wait_until_up()["pid"]
    host.wait_until_listening()
    agent.kill()
    wait_for(
        "the session at another agent",
        lambda: [line["pid"] for line in (agent.status() or {}).get("sessions", [])]
        == [host.pid],
        agent.state,
    )
    host.wait_until_listening()
    ((second, _),) = agent.processes().items()
    assert second != first


def test_a_token_that_was_renewed_in_memory_reaches_the_agent(workplace):
    """The session ends, the artist signs in again, and Toolkit's session cache tells nobody."""
    agent = workplace.agent
    maya = workplace.host("tk-maya")
    maya.do("start", expired=True, **workplace.start_order("tk-maya"))
    agent.wait_until_following(workplace.log_file("tk-maya"))
    maya.wait_until_listening()
    maya.do("sign_in", session_token=workplace.desk.session_token)
    for cache in workplace.folder.glob("shotgun/**/authentication.yml"):
        cache.unlink()
    maya.do("fail", reason="no more disk", message="Scene was not saved")
    (ticket,) = wait_for("the ticket", workplace.desk.tickets, agent.state)
    assert "Scene was not saved" in ticket["description"]
