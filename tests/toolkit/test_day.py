"""Days of an artist: nothing to be seen of us, nothing lost, nothing twice."""

import os
import random

import pytest

from artist import Artist
from network import Network

INSTANCES = ("tk-maya", "tk-nuke", "tk-houdini")
PROBLEMS = ("save the scene", "find the rig", "write the cache")


@pytest.fixture
def artist(workplace):
    network = Network(workplace.desk.url)
    artist = Artist(workplace, network)
    artist.start("tk-desktop")
    workplace.agent.wait_until_following(workplace.log_file("tk-desktop"))
    yield artist
    network.away()


def test_an_artists_day_and_the_next(artist, workplace):
    artist.start("tk-maya")
    artist.work("tk-maya")
    artist.fail("tk-maya", "save the scene")
    artist.work("tk-maya")
    artist.fail("tk-maya", "save the scene")
    artist.crash("tk-maya")
    artist.check()

    artist.start("tk-maya")
    artist.fail("tk-maya", "save the scene")
    artist.fail("tk-maya", "find the rig")
    # 5 MiB of work: the log rolls over.
    artist.hosts["tk-maya"].do("fill", bytes=5 * 1024 * 1024)
    assert (workplace.log_folder / "tk-maya.log.1").exists()
    artist.check()

    artist.network(there=False)
    artist.fail("tk-maya", "find the rig")
    artist.fail("tk-maya", "write the cache")
    artist.fail("tk-desktop", "show the project")
    artist.sleep()
    artist.fail("tk-maya", "write the cache")
    artist.stop_agent_for_a_while(lambda: artist.fail("tk-maya", "write the cache"))
    assert len(workplace.desk.tickets()) == 2
    artist.network(there=True)
    artist.check()

    artist.quit("tk-desktop")
    artist.fail("tk-maya", "find the rig")
    artist.kill_agent()
    artist.fail("tk-maya", "save the scene")
    artist.switch_off()

    # The next day begins with a host that nobody watches: it has not our app.
    artist.start("tk-bare")
    artist.fail("tk-bare", "begin the day")
    artist.crash("tk-bare")
    assert not workplace.agent.processes()
    artist.start("tk-desktop")
    artist.start("tk-maya")
    artist.fail("tk-maya", "find the rig")
    artist.check()


def test_days_in_any_order(artist):
    """`cargo xtask soak artist --days N` makes it N days of 40 events."""
    seed = int(os.environ.get("TK_INCIDENT_SOAK_SEED") or random.randrange(1 << 32))
    days = int(os.environ.get("TK_INCIDENT_SOAK_DAYS") or 0)
    print("TK_INCIDENT_SOAK_SEED=%d" % seed)
    chance = random.Random(seed)
    for _ in range(days or 1):
        for _ in range(40 if days else 16):
            something(artist, chance)
        artist.network(there=True)
        # An agent that is gone is started by the next host.
        if "tk-maya" in artist.hosts:
            artist.quit("tk-maya")
        artist.start("tk-maya")
        artist.check()


def something(artist, chance):
    """One event, drawn from those that are possible."""
    running = sorted(artist.hosts)
    idle = sorted(set(INSTANCES) - set(running))
    events = [lambda: artist.network(there=True)]
    if artist.is_online:
        events += [lambda: artist.network(there=False)]
        events += [lambda: artist.start(chance.choice(idle))] * 3 * bool(idle)
    if running:
        one = chance.choice(running)
        events += [lambda: artist.fail(one, chance.choice(PROBLEMS))] * 8
        events += [lambda: artist.work(one)] * 2
        events += [lambda: artist.change_context(one)] * artist.is_online
        events += [lambda: artist.crash(one), lambda: artist.quit(one)]
    events += [artist.kill_agent, artist.sleep]
    if running:
        events += [
            lambda: artist.stop_agent_for_a_while(
                lambda: artist.fail(one, chance.choice(PROBLEMS))
            )
        ]
    chance.choice(events)()
