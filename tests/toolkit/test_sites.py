"""One user who works with two sites on one machine: Toolkit's log folder is the user's, so hosts of both sites write into the
same log, and each incident is filed on its own site, once."""

import os
import signal

import pytest

from agent import Agent
from desk import LOGIN, Desk
from waiting import wait_for


ALL = "unknown rig: everywhere"
OWN = ("unknown rig: here", "unknown rig: there")
LATE = "Could not load a bundle"
WORDS = (ALL, LATE) + OWN


class Site:
    """A desk and the agent that files on it."""

    def __init__(self, workplace, program, desk):
        self._workplace = workplace
        self.desk = desk
        self.agent = Agent(
            program,
            workplace.folder / "state",
            dict(workplace.environ, TK_INCIDENT_SITE_URL=desk.url),
        )

    def start(self, instance):
        host = self._workplace.host(instance, LIVE_SITE=self.desk.url)
        host.do(
            "start",
            instance=instance,
            login=LOGIN,
            session_token=self.desk.session_token,
            entity=self.desk.project,
        )
        host.do("settle")
        return host

    def counts(self):
        """Which problems have a ticket, and how often each is counted."""
        found = {}
        for ticket in self.desk.tickets():
            (words,) = [words for words in WORDS if words in ticket["description"]]
            assert words not in found, "two tickets about %r" % words
            found[words] = ticket["sg_incident_count"]
        return found

    def state(self):
        return "%s\n%s" % (self.desk.tickets(), self.agent.state())


@pytest.fixture
def sites(workplace, program):
    other = Desk(program, workplace.folder / "other-desk", {"PATH": os.defpath})
    yield [Site(workplace, program, desk) for desk in (workplace.desk, other)]
    workplace.agent.kill()
    other.stop()


def fail(host, reason):
    host.do("fail", reason=reason, message="Could not build")


def test_hosts_of_two_sites_in_one_log_file_each_on_their_own(workplace, sites):
    log = "tk-maya"
    hosts = [site.start(log) for site in sites]
    for site in sites:
        site.agent.wait_until_following(workplace.log_file(log))
    for number, host in enumerate(hosts):
        fail(host, ALL)
        fail(host, OWN[number])

    def told(number, expected):
        site = sites[number]
        wait_for(
            "%r at site %d" % (expected, number),
            lambda: site.counts() == expected,
            site.state,
        )

    told(0, {ALL: 1, OWN[0]: 1})
    told(1, {ALL: 1, OWN[1]: 1})

    # An agent dies; its host starts another, which reads what was written meanwhile.
    died = sites[1].agent.status()["pid"]
    os.kill(died, signal.SIGKILL)
    for host in hosts:
        fail(host, ALL)

    def is_back():
        status = sites[1].agent.status()
        return status and status["pid"] != died

    wait_for("another agent", is_back, sites[1].state)
    hosts[1].do("destroy")
    hosts[1].do("settle")
    # Without its engine the process is its site's still.
    hosts[1].do("fail_to_load")
    told(0, {ALL: 2, OWN[0]: 1})
    told(1, {ALL: 2, OWN[1]: 1, LATE: 1})

    for site in sites:
        status = site.agent.status()
        outcomes = status["outcomes"]
        assert status["seen"] == sum(outcomes.values()), status
        assert outcomes["other_site"] == (4, 3)[sites.index(site)], status
        assert status["gaps"] == [], status
    for number, site in enumerate(sites):
        for ticket in site.desk.tickets():
            for name, data in site.desk.attachments(ticket).items():
                if name.endswith(".log"):
                    assert OWN[1 - number].encode() not in data, data
