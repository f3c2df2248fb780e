"""The machine's wall clock is set, by an artist, a server of the network or a battery that is empty: nothing lost, nothing
twice, nothing that waits for ever, and no agent that runs in circles."""

import os
import signal
import subprocess
import time
import types

import pytest

from clock import Clock
from host_log import assert_nothing_of_ours_above_warning
from network import Network
from tk_incident import session
from tickets import counts_of
from waiting import wait_for

HOUR = 3600
DAY = 24 * HOUR
YEAR = 365 * DAY


class Machine:
    """A workplace whose clock can be set. The agent runs under that clock from the start; hosts find it there."""

    def __init__(self, workplace):
        self.clock = Clock(workplace.folder)
        self.network = Network(workplace.desk.url)
        self.logged = {}
        self._place = workplace
        self._agent = None
        workplace.environ.update(
            self.clock.of_hosts,
            LIVE_SITE=self.network.url,
            TK_INCIDENT_SITE_URL=self.network.url,
            TK_INCIDENT_LIMITS_GATHER_S="2",
            TK_INCIDENT_LIMITS_RETRY_MIN_S="1",
            TK_INCIDENT_LIMITS_RETRY_MAX_S="1",
        )
        workplace.agent = type(workplace.agent)(
            workplace.environ["TK_INCIDENT_PROGRAM"],
            workplace.folder / "state",
            dict(workplace.environ),
        )

    def start_agent(self):
        self._agent = subprocess.Popen(
            [self._place.environ["TK_INCIDENT_PROGRAM"], "run"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(self._place.environ, **self.clock.environ),
        )
        self._place.agent.wait_until_up()

    def end_agent(self):
        if self._agent is not None:
            self._agent.kill()
            self._agent.wait()
            self._agent = None

    def start_host(self, instance):
        host = self._place.start(instance, LIVE_SITE=self.network.url)
        host.wait_until_listening()
        self._place.agent.wait_until_following(self._place.log_file(instance))
        return host

    def fail(self, host, words):
        host.do("fail", reason="unknown rig: %s" % words, message="Could not %s" % words)
        self.logged[words] = self.logged.get(words, 0) + 1

    def check(self):
        """Each problem has one ticket with its count and files, and nothing waits."""
        wait_for("counts as logged", lambda: counts_of(self._place) == self.logged, self._state)
        status = wait_for("nothing that waits", self._at_rest, self._state)
        assert status["seen"] == sum(self.logged.values()), self._state()
        assert status["seen"] == sum(status["outcomes"].values()), status
        assert status["gaps"] == [] and status["warnings"] == [], status
        for ticket in self._place.desk.tickets():
            names = sorted(link["name"][-4:] for link in ticket["attachments"])
            assert names == [".log", ".zip"], (ticket["title"], names)

    def assert_rests(self):
        """With nothing to do it sleeps; one that runs in circles has used up or interrupted its time by far more."""
        (pid,) = self._place.agent.processes()
        began, before = time.monotonic(), work(pid)
        time.sleep(3)
        passed, after = time.monotonic() - began, work(pid)
        assert after["cpu_s"] - before["cpu_s"] < passed / 3, (before, after)
        assert after["wakes"] - before["wakes"] < 40 * passed, (before, after)

    def _at_rest(self):
        status = self._place.agent.status()
        return status and status["waiting_count"] == 0 and status

    def _state(self):
        return "%s\n%s\n%s" % (self.logged, counts_of(self._place), self._place.agent.state())


def work(pid):
    """What a process has done so far, over all its threads."""
    with open("/proc/%d/stat" % pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    wakes = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, thread)) as status:
            for line in status:
                if "ctxt_switches" in line:
                    wakes += int(line.split()[1])
    ticks = int(fields[11]) + int(fields[12])
    return {"cpu_s": ticks / os.sysconf("SC_CLK_TCK"), "wakes": wakes}


@pytest.fixture
def machine(workplace):
    machine = Machine(workplace)
    yield machine
    machine.network.away()
    machine.end_agent()


@pytest.mark.parametrize("by", [DAY, -HOUR, -YEAR])
def test_the_clock_is_set_while_the_agent_runs_and_a_host_writes(machine, workplace, by):
    machine.start_agent()
    maya = machine.start_host("tk-maya")
    machine.fail(maya, "open the gate")
    # Its ticket is still being gathered for.
    machine.clock.set(by)
    machine.fail(maya, "open the gate")
    machine.fail(maya, "close the gate")
    machine.check()
    machine.assert_rests()

    # A context change and a new host, by the clock as it is now.
    maya.do("change_context", entity=workplace.task())
    nuke = machine.start_host("tk-nuke")
    machine.fail(nuke, "read the plate")
    # Somebody notices, and puts it right.
    machine.clock.set(0)
    machine.fail(nuke, "read the plate")
    machine.fail(maya, "open the gate")
    maya.do("change_context", entity=workplace.desk.project)
    machine.check()
    machine.assert_rests()

    nuke.do("destroy")

    def sessions():
        return [line["engine"] for line in workplace.agent.status()["sessions"]]

    wait_for(
        "the end of one session",
        lambda: sessions() == ["tk-maya"],
        workplace.agent.state,
    )
    for instance in ("tk-maya", "tk-nuke"):
        assert_nothing_of_ours_above_warning(workplace, instance)


@pytest.mark.parametrize("by", [-YEAR, YEAR])
def test_the_clock_is_set_between_two_runs_of_the_agent(machine, workplace, by):
    machine.start_agent()
    maya = machine.start_host("tk-maya")
    machine.fail(maya, "open the gate")
    machine.check()
    machine.network.away()
    machine.fail(maya, "close the gate")
    wait_for(
        "what waits for the site",
        lambda: workplace.agent.status()["waiting_count"] >= 3,
        workplace.agent.state,
    )
    machine.end_agent()
    machine.clock.set(by)
    machine.fail(maya, "close the gate")
    machine.fail(maya, "oil the gate")
    machine.start_agent()
    wait_for(
        "all that was logged",
        lambda: workplace.agent.status()["seen"] == 4,
        workplace.agent.state,
    )
    # Once more, back to what it was. Archives of before and of then wait, and must not be taken for old.
    machine.end_agent()
    machine.clock.set(0)
    machine.start_agent()
    maya.wait_until_listening()
    machine.network.back()
    machine.check()
    machine.fail(maya, "oil the gate")
    machine.check()
    machine.assert_rests()


@pytest.mark.parametrize("back_s, moves_on", [(0, True), (8, True), (59, True), (HOUR, False)])
def test_the_words_of_a_session_keep_their_order(monkeypatch, back_s, moves_on):
    """The agent passes over a word that seems to have been sent within a minute before the last one."""
    now = [1000000.0]
    monkeypatch.setattr(session, "time", types.SimpleNamespace(time=lambda: now[0]))
    told = session.Session.__new__(session.Session)
    told._sent_ms = 0
    first = told._next_sent_ms()
    now[0] -= back_s
    second = told._next_sent_ms()
    assert (second == first + 1) if moves_on else (second == now[0] * 1000)


def test_a_laptop_sleeps_over_a_weekend(machine, workplace):
    machine.start_agent()
    maya = machine.start_host("tk-maya")
    machine.fail(maya, "open the gate")
    machine.network.away()
    machine.fail(maya, "close the gate")
    pids = [maya.pid] + list(workplace.agent.processes())
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    # Steady time stands, as the processes do; the wall clock goes on.
    machine.clock.set(60 * HOUR)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    machine.network.back()
    machine.fail(maya, "close the gate")
    machine.check()
    machine.assert_rests()
