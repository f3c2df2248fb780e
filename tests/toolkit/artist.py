"""An artist's days: what is done at a workstation, and what has to be on the site for it.

Owns the hosts, the network and the account of what was logged; the tests say in which order things happen.
"""

import os
import signal
import time

from host_log import assert_nothing_of_ours_above_warning, loud
from tickets import counts_of
from waiting import wait_for


class Artist:
    """One artist at a `Workplace`. `logged` is how often each problem was logged, by its words."""

    def __init__(self, workplace, network):
        self.logged = {}
        self.hosts = {}
        self._workplace = workplace
        self._agent = workplace.agent
        self._network = network
        self._ended = []
        self._instances = set()
        workplace.environ.update(
            LIVE_SITE=network.url,
            # A site that is away is tried again soon.
            TK_INCIDENT_LIMITS_RETRY_MIN_S="1",
            TK_INCIDENT_LIMITS_RETRY_MAX_S="1",
            # Hosts without our app have no session, and so no project.
            TK_INCIDENT_SITE_PROJECT_ID=str(workplace.desk.project["id"]),
        )

    def start(self, instance):
        self._instances.add(instance)
        self.hosts[instance] = self._workplace.start(
            instance, LIVE_SITE=self._network.url
        )

    def work(self, instance):
        self.hosts[instance].do("work", records=20)

    def fail(self, instance, what):
        """An error that is a problem of its own, told apart by instance and words."""
        words = "%s in %s" % (what, instance)
        self.hosts[instance].do(
            "fail", reason="unknown rig: %s" % words, message="Could not %s" % words
        )
        self.logged[words] = self.logged.get(words, 0) + 1

    def change_context(self, instance):
        self.hosts[instance].do("change_context", entity=self._workplace.desk.project)

    def crash(self, instance):
        host = self.hosts.pop(instance)
        host.kill()
        self._ended.append(host)

    def quit(self, instance):
        host = self.hosts.pop(instance)
        host.do("destroy")
        host.quit()
        self._ended.append(host)

    @property
    def is_online(self):
        return self._network.is_there

    def network(self, there):
        if there and not self._network.is_there:
            self._network.back()
        elif not there:
            self._network.away()

    def stop_agent_for_a_while(self, meanwhile=lambda: None):
        self._stopped(list(self._agent.processes()), meanwhile)

    def sleep(self):
        """A laptop is closed: everything stands still, and its connections end."""
        pids = [host.pid for host in self.hosts.values()]

        def meanwhile():
            was_there = self._network.is_there
            self._network.away()
            time.sleep(1)
            if was_there:
                self._network.back()

        self._stopped(pids + list(self._agent.processes()), meanwhile)

    def kill_agent(self):
        self._agent.kill()

    def switch_off(self):
        """Nothing is asked, everything ends."""
        self._agent.kill()
        for instance in list(self.hosts):
            self.crash(instance)

    def check(self):
        """Every problem has its ticket, with its count and its attachments, and nothing else is there."""
        wait_for("counts as logged", lambda: counts_of(self._workplace) == self.logged, self._state)
        status = wait_for("nothing that waits", self._delivered, self._state)
        tickets = self._workplace.desk.tickets()
        for ticket in tickets:
            names = sorted(link["name"] for link in ticket["attachments"])
            kinds = [name.rsplit(".", 1)[1] for name in names]
            assert sorted(kinds) == ["log", "zip"], (ticket["title"], names)

        outcomes = status["outcomes"]
        # Desktop also hands its records over: the second sighting of one is an outcome, but no occurrence.
        assert status["seen"] == sum(outcomes.values()), status
        occurrences = status["seen"] - outcomes.get("merged", 0)
        assert occurrences == sum(self.logged.values()), status
        assert outcomes.get("merged", 0) <= self._count_in("tk-desktop"), status
        assert status["tickets"] == len(tickets) == len(self.logged), status
        assert status["gaps"] == [] and status["warnings"] == [], status
        wait_for(
            "one agent and no late starter",
            lambda: list(self._agent.processes()) == [status["pid"]],
            self._state,
        )

        for instance in self._instances:
            assert_nothing_of_ours_above_warning(self._workplace, instance)
            # Neither did Toolkit have anything to say of us.
            messages = loud(self._workplace, instance)
            assert all(text.startswith("Could not ") for text in messages), messages
        for host in self._ended + list(self.hosts.values()):
            assert host.printed() == ""

    def _stopped(self, pids, meanwhile):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            meanwhile()
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _count_in(self, instance):
        return sum(
            times for words, times in self.logged.items() if words.endswith(instance)
        )

    def _delivered(self):
        status = self._agent.status()
        if not status or status["waiting_count"]:
            return None
        if not set(status["outcomes"]) <= {"filed", "duplicate", "merged"}:
            return None
        return sum(self.logged.values()) <= status["seen"] and status

    def _state(self):
        return "logged: %s\ntickets: %s\n%s" % (
            self.logged,
            counts_of(self._workplace),
            self._agent.state(),
        )
