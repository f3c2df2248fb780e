"""The way to a running agent, with stand-ins for the agent."""

import json
import os
import socket
import threading
import types

import pytest

from tk_incident import place
from tk_incident.channel import NoAnswer, NobodyThere, ask, connect
from tk_incident.place import Place

SECRET = "token-of-the-artist"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are sockets")


class Agent:
    """Answers each connection by `talk(connection, what it said)` on a thread of its own."""

    def __init__(self, folder, talk):
        self.name = str(folder / "agent.sock")
        self.heard = []
        self._talk = talk
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.name)
        self._listener.listen(4)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            with end:
                self.heard.append(end.makefile("rb").readline())
                self._talk(end)

    def close(self):
        self._listener.close()


@pytest.fixture
def agent(tmp_path):
    made = []

    def make(talk):
        made.append(Agent(tmp_path, talk))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_one_line_asks_and_one_answers(agent):
    there = agent(lambda end: end.sendall('{"ok": true, "n": "여기"}\n'.encode("utf-8")))
    assert ask(there.name, {"type": "x", "text": "a\nb \ud800"}, 5) == {
        "ok": True,
        "n": "여기",
    }
    assert there.heard == [b'{"type": "x", "text": "a\\nb ?"}\n']


def test_an_answer_may_come_in_pieces_and_several_in_one(agent):
    def talk(end):
        for piece in (b'{"n"', b': 1}\n{"n": 2}\n{"n"', b": 3}\n"):
            end.sendall(piece)

    there = agent(talk)
    connection = connect(there.name, 5)
    connection.send({}, 5)
    assert [connection.receive() for _ in range(4)] == [
        {"n": 1},
        {"n": 2},
        {"n": 3},
        None,
    ]
    connection.close()


@pytest.mark.parametrize(
    "said, why",
    [
        (b"", "hung up"),
        (b'{"ok": tr', "in the middle"),
        (b"token-of-the-artist\n", "no JSON object"),
        (b"[1]\n", "no JSON object"),
        (b"\xff\n", "no JSON object"),
        (b"x" * (1024 * 1024 + 20 * 1024), "longer"),
    ],
)
def test_what_is_no_answer_is_said_without_quoting_it(agent, said, why):
    there = agent(lambda end: end.sendall(said))
    with pytest.raises(NoAnswer, match=why) as caught:
        ask(there.name, {"token": SECRET}, 5)
    assert SECRET not in str(caught.value)


def test_an_agent_that_says_nothing_costs_the_time_allowed(agent):
    over = threading.Event()
    there = agent(lambda end: over.wait(60))
    with pytest.raises(NoAnswer, match="too long"):
        ask(there.name, {"token": SECRET}, 0.1)
    over.set()


def test_a_request_that_the_agent_would_refuse_is_not_sent(agent):
    there = agent(lambda end: None)
    with pytest.raises(NoAnswer, match="longer than it may be"):
        ask(there.name, {"token": SECRET * 100000}, 5)


def test_nobody_is_there(tmp_path, agent):
    with pytest.raises(NobodyThere, match="ENOENT"):
        ask(str(tmp_path / "nowhere.sock"), {"token": SECRET}, 5)
    with pytest.raises(NobodyThere):
        ask(str(tmp_path / ("deep" * 60)), {}, 5)
    with pytest.raises(NobodyThere):
        ask(None, {}, 5)
    gone = agent(lambda end: None)
    gone.close()
    with pytest.raises(NobodyThere, match="ECONNREFUSED"):
        # The listener's own thread may still take one connection.
        for _ in range(3):
            try:
                ask(gone.name, {}, 5)
            except NoAnswer:
                pass


def test_something_else_in_its_place_is_told_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NobodyThere, match="something else"):
        ask(str(tmp_path / "file"), {"token": SECRET}, 5)


def test_a_socket_of_another_user_is_told_nothing(agent, monkeypatch):
    there = agent(lambda end: end.sendall(b"{}\n"))
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    with pytest.raises(NobodyThere, match="another user"):
        ask(there.name, {"token": SECRET}, 5)
    assert there.heard == []


def test_hanging_up_ends_a_wait_of_another_thread(agent):
    over = threading.Event()
    there = agent(lambda end: over.wait(60))
    connection = connect(there.name, 5)
    connection.send({}, 5)
    heard = []
    waiting = threading.Thread(target=lambda: heard.append(connection.receive()))
    waiting.start()
    connection.hang_up()
    waiting.join(60)
    over.set()
    assert heard == [None]
    connection.close()


def test_an_agent_that_took_another_place_is_found_where_it_has_written(tmp_path, agent):
    there = agent(lambda end: end.sendall(b'{"ok": true}\n'))
    told, file = str(tmp_path / "first-choice.sock"), tmp_path / "channel.json"
    place = Place(told, str(file))
    with pytest.raises(NobodyThere, match="ENOENT"):
        ask(place, {}, 5)
    # It is looked at again for each connection: the agent may just have started.
    file.write_text(json.dumps({"v": 1, "address": there.name}))
    assert ask(place, {}, 5) == {"ok": True}


@pytest.mark.parametrize(
    "left_behind",
    [
        '{"v": 1, "address": "/nowhere/agent.sock"}',
        '{"v": 1, "address": "agent.sock"}',
        '{"v": 1, "address": 7}',
        '{"v": 2, "address": "/nowhere/agent.sock"}',
        '{"v": 1, "addr',
        "[]",
        "",
        None,
    ],
)
def test_what_an_agent_left_behind_that_died_hides_no_other(tmp_path, agent, left_behind):
    there = agent(lambda end: end.sendall(b'{"ok": true}\n'))
    file = tmp_path / "channel.json"
    if left_behind is not None:
        file.write_text(left_behind)
    assert ask(Place(there.name, str(file)), {}, 5) == {"ok": True}


def test_a_stranger_where_the_agent_was_is_told_nothing(tmp_path, agent, monkeypatch):
    there = agent(lambda end: end.sendall(b"{}\n"))
    file = tmp_path / "channel.json"
    file.write_text(json.dumps({"v": 1, "address": there.name}))
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    with pytest.raises(NobodyThere):
        ask(Place(str(tmp_path / "agent.sock.other"), str(file)), {"token": SECRET}, 5)
    assert there.heard == []


@pytest.mark.parametrize(
    "address, is_local",
    [
        (r"\\.\pipe\tk-incident-0123", True),
        (r"\\server\pipe\tk-incident-0123", False),
        (r"\\.\pipe\another", False),
        (r"\\.\pipe\tk-incident-0123\..\..\UNC\server\pipe", False),
        ("\\\\.\\pipe\\tk-incident-0123/../../UNC/server/pipe", False),
        (7, False),
    ],
)
def test_on_windows_only_pipes_of_this_machine_are_opened(
    tmp_path, monkeypatch, address, is_local
):
    file = tmp_path / "channel.json"
    file.write_text(json.dumps({"v": 1, "address": address}))
    windows = types.SimpleNamespace(name="nt", path=os.path)
    monkeypatch.setattr(place, "os", windows)
    assert Place(None, str(file)).names() == ([address] if is_local else [])


def test_what_an_attach_tells_is_a_place_and_may_be_none():
    assert Place.of({"ok": True}) is None
    assert Place.of({"channel": "a"}) == Place("a") != Place("b")
    assert Place.of({"channel": "a", "channel_file": "f"}) == Place("a", "f") != Place("a")
    assert Place("a").names() == ["a"]
