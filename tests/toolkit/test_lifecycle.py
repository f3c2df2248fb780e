"""What happens to hosts and to the agent in the life of a workstation: each time there is one agent for a
user and a site, nothing of ours stands out in the host's log, and each incident has the facts of its
session."""

import concurrent.futures
import os
import shutil

import pytest

from agent import Agent
from conftest import Workplace
from desk import Desk
from host_log import assert_nothing_of_ours_above_warning, loud, ours
from tickets import assert_facts, ticket_with
from waiting import wait_for

INSTANCES = ("tk-desktop", "tk-maya", "tk-nuke", "tk-houdini")


def together(work, items):
    with concurrent.futures.ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(work, items))


def fail(host, words):
    """An error whose reason holds nothing but `words`, so that it is a problem of its own."""
    host.do("fail", reason="unknown rig: %s" % words, message="Could not %s" % words)


def assert_counted_once(workplace, occurrences):
    """Each occurrence has one outcome and nothing is missing. What a host with direct capture tells beside its log is the
    same occurrence seen once more."""
    agent = workplace.agent

    def delivered():
        status = agent.status()
        if status is None or status["waiting_count"]:
            return None
        merged = status["outcomes"].get("merged", 0)
        return status["seen"] - merged >= occurrences and status

    status = wait_for(
        "%d occurrences at the agent, all delivered" % occurrences,
        delivered,
        agent.state,
    )
    outcomes = status["outcomes"]
    assert status["seen"] == sum(outcomes.values()), status
    assert status["seen"] - outcomes.get("merged", 0) == occurrences, status
    assert status["gaps"] == [], status["gaps"]
    return status


def only_agent(agent):
    """The status of the agent, once no other process of the program is left."""
    wait_for(
        "one agent and no late starter",
        lambda: list(agent.processes()) == [(agent.status() or {}).get("pid")],
        agent.state,
    )
    return agent.status()


def sessions(workplace, part):
    return {line["engine"]: line[part] for line in workplace.agent.status()["sessions"]}


@pytest.mark.parametrize("environment", ["site", "project"])
def test_each_engine_tells_its_own_facts_through_context_change_and_restart(
    workplace, environment
):
    workplace.environ["TK_INCIDENT_SITE_PROJECT_ID"] = str(workplace.desk.project["id"])
    hosts = dict(
        zip(
            INSTANCES,
            together(
                lambda name: workplace.start(name, at_site=environment == "site"),
                INSTANCES,
            ),
        )
    )
    agent = workplace.agent
    pid = only_agent(agent)["pid"]
    for instance in INSTANCES:
        agent.wait_until_following(workplace.log_file(instance))

    def fail_in_all(when):
        for instance, host in hosts.items():
            host.do("settle")
            fail(host, "%s %s" % (when, instance))

    fail_in_all("begin in")
    task = workplace.task()
    for host in hosts.values():
        # Houdini's engine does not allow it, so Toolkit restarts that one.
        host.do("change_context", entity={"type": "Task", "id": task["id"]})
    fail_in_all("go on in")
    begun = sessions(workplace, "started")
    for host in hosts.values():
        host.do("restart")
    fail_in_all("restart in")

    def all_are_new():
        now = sessions(workplace, "started")
        return all(now.get(name, begun[name]) != begun[name] for name in begun)

    wait_for("a new session of each engine", all_are_new, agent.state)

    for instance, host in hosts.items():
        of_session = (host.pid, instance)
        assert_facts(
            workplace, "begin in %s" % instance, *of_session, environment=environment
        )
        for when in ("go on", "restart"):
            text = "%s in %s" % (when, instance)
            assert_facts(workplace, text, *of_session, task=task)
        host.do("destroy")
        host.do("settle")
        assert_nothing_of_ours_above_warning(workplace, instance)
        assert len(loud(workplace, instance)) == 3
        assert host.printed() == ""
    assert len(workplace.desk.tickets()) == 3 * len(INSTANCES)
    assert_counted_once(workplace, 3 * len(INSTANCES))
    assert only_agent(agent)["pid"] == pid
    wait_for("the end of all sessions", lambda: not agent.status()["sessions"])


def test_a_host_that_is_killed_is_told_of_and_the_next_one_is_another_session(
    workplace,
):
    maya = workplace.start("tk-maya")
    agent = workplace.agent
    agent.wait_until_following(workplace.log_file("tk-maya"))
    maya.do("settle")
    # The end of a host is known by its connection, so it has to have one.
    wait_for("a host that listens", agent.has_listeners, agent.state)
    fail(maya, "draw the last frame")
    maya.kill()

    again = workplace.start("tk-maya")
    again.do("settle")
    fail(again, "open the scene")
    assert_facts(workplace, "draw the last frame", maya.pid, "tk-maya")
    assert_facts(workplace, "open the scene", again.pid, "tk-maya")
    assert_counted_once(workplace, 2)
    only_agent(agent)
    wait_for(
        "the end of the killed session",
        lambda: [line["pid"] for line in agent.status()["sessions"]] == [again.pid],
        agent.state,
    )


def test_an_error_before_the_session_is_known_has_its_facts(workplace):
    """Bundles that fail while the engine starts are logged before our app's turn."""
    # As it is outside of tests, but shorter: what belongs together is gathered before it is filed.
    workplace.environ["TK_INCIDENT_LIMITS_GATHER_S"] = "3"
    workplace.start("tk-desktop")
    agent = workplace.agent
    agent.wait_until_up()
    maya = workplace.host("tk-maya")
    maya.do("start", failing=True, **workplace.start_order("tk-maya"))
    assert_facts(workplace, "Could not load a bundle", maya.pid, "tk-maya")


def test_an_error_while_the_agent_is_dead_is_filed_once_when_it_is_back(workplace):
    maya = workplace.start("tk-maya")
    agent = workplace.agent
    first = agent.wait_until_up()["pid"]
    agent.wait_until_following(workplace.log_file("tk-maya"))
    maya.do("settle")
    fail(maya, "bake the cache")
    ticket = ticket_with(workplace, "bake the cache", attachments=2)

    agent.kill()
    fail(maya, "bake the cache")
    fail(maya, "write the playblast")
    nuke = workplace.start("tk-nuke")
    assert agent.wait_until_up()["pid"] != first
    fail(maya, "bake the cache")

    assert_facts(workplace, "write the playblast", maya.pid, "tk-maya")
    status = assert_counted_once(workplace, 4)
    assert status["outcomes"] == {"filed": 2, "duplicate": 2}
    assert {t["title"] for t in workplace.desk.tickets()} > {ticket["title"]}
    assert len(workplace.desk.tickets()) == 2
    assert only_agent(agent)["pid"] != first
    for host, instance in ((maya, "tk-maya"), (nuke, "tk-nuke")):
        host.do("destroy")
        assert_nothing_of_ours_above_warning(workplace, instance)
        assert host.printed() == ""


def test_an_expired_session_without_a_standard_input(workplace):
    maya = workplace.start("tk-maya", expired=True, closed_stdin=True)
    agent = workplace.agent
    agent.wait_until_following(workplace.log_file("tk-maya"))
    maya.do("settle")
    fail(maya, "save the scene")
    wait_for(
        "the agent to see that it may not file",
        lambda: agent.status()["site"]["trouble"],
        agent.state,
    )
    assert workplace.desk.tickets() == [] and maya.printed() == ""

    # The artist signs in again in another host.
    workplace.start("tk-nuke")
    assert_facts(workplace, "save the scene", maya.pid, "tk-maya")
    assert_counted_once(workplace, 1)
    only_agent(agent)
    assert_nothing_of_ours_above_warning(workplace, "tk-maya")


def test_with_the_program_missing_in_one_host_the_others_agent_serves_both(workplace):
    # Whose project it is, only that host could tell.
    workplace.environ["TK_INCIDENT_SITE_PROJECT_ID"] = str(workplace.desk.project["id"])
    lost = workplace.start(
        "tk-nuke", TK_INCIDENT_PROGRAM="/nowhere/tk-incident", PATH="/nowhere"
    )
    wait_for(
        "the warning", lambda: ours(workplace, "tk-nuke"), lambda: lost.printed()
    )
    assert not workplace.agent.processes()
    maya = workplace.start("tk-maya")
    workplace.agent.wait_until_following(workplace.log_file("tk-nuke"))
    fail(lost, "render the frame")
    ticket = ticket_with(workplace, "render the frame", attachments=2)
    assert "Process: %d" % lost.pid in ticket["description"]
    only_agent(workplace.agent)
    maya.do("destroy")
    lost.do("destroy")
    ((level, _),) = ours(workplace, "tk-nuke")
    assert level == "WARNING"


def test_a_bundle_that_nobody_may_write_to(workplace, program):
    """A shared, read-only bundle cache, unpacked without execute bits: the agent runs from a copy of the user's."""
    bundle = workplace.own_bundle("bundle")
    in_bundle = bundle / "bin" / ("linux-%s" % os.uname().machine)
    in_bundle.mkdir(parents=True)
    shutil.copyfile(program, str(in_bundle / "tk-incident"))
    before = make_read_only(bundle)

    maya = workplace.start(
        "tk-maya",
        by=WITHOUT_POWERS,
        LIVE_APP=str(bundle),
        TK_INCIDENT_PROGRAM="",
    )
    copies = Agent(
        str(next_copy(workplace)), workplace.folder / "state", workplace.environ
    )
    copies.wait_until_following(workplace.log_file("tk-maya"))
    maya.do("settle")
    fail(maya, "open the scene")
    assert_facts(workplace, "open the scene", maya.pid, "tk-maya")
    only_agent(copies)
    assert make_read_only(bundle) == before
    maya.do("destroy")
    assert_nothing_of_ours_above_warning(workplace, "tk-maya")
    maya.quit()
    copies.stop()


# The superuser ignores modes; without its powers it is a user like others.
WITHOUT_POWERS = ["setpriv", "--bounding-set", "-all"] if os.geteuid() == 0 else []


def make_read_only(folder):
    """Take all write and execute bits of files away; returns what is there, as path to mode and size."""
    found = {}
    for parent, folders, names in os.walk(str(folder), topdown=False):
        for name in names:
            os.chmod(os.path.join(parent, name), 0o444)
        for name in folders:
            os.chmod(os.path.join(parent, name), 0o555)
        for name in names + folders:
            there = os.stat(os.path.join(parent, name))
            found[os.path.join(parent, name)] = (
                there.st_mode,
                there.st_size,
                there.st_mtime,
            )
    os.chmod(str(folder), 0o555)
    return found


def next_copy(workplace):
    copies = workplace.folder / "home" / ".local" / "share" / "tk-incident-programs"
    return wait_for(
        "the user's copy of the program",
        lambda: next(iter(copies.glob("*/tk-incident")), None),
        lambda: list(map(str, (workplace.folder / "home").rglob("*"))),
    )


def test_two_users_of_one_machine_and_site_have_an_agent_each(
    program, core_folder, tmp_path
):
    places = []
    try:
        for login in ("alice", "bob"):
            folder = tmp_path / login
            folder.mkdir()
            desk = places[0].desk if places else None
            places.append(Workplace(program, core_folder, folder, desk, login))
        mayas = together(lambda place: place.start("tk-maya"), places)
        for place, maya in zip(places, mayas):
            place.agent.wait_until_following(place.log_file("tk-maya"))
            maya.do("settle")
            fail(maya, "find the rig")
        pids = {only_agent(place.agent)["pid"] for place in places}
        assert len(pids) == 2
        wait_for("two tickets", lambda: len(places[0].desk.tickets()) == 2)
        for place, maya in zip(places, mayas):
            assert_facts(
                place, "User: %s\n" % place.login, maya.pid, "tk-maya", place.login
            )
            assert_counted_once(place, 1)
    finally:
        for place in reversed(places):
            place.close()


def test_two_sites_of_one_user_have_an_agent_each(workplace, program):
    other = Desk(program, workplace.folder / "other-desk", {"PATH": os.defpath})
    try:
        here = workplace.start("tk-maya")
        there = workplace.host("tk-nuke", LIVE_SITE=other.url)
        there.do(
            "start",
            instance="tk-nuke",
            login="artist",
            session_token=other.session_token,
            entity=other.project,
        )
        agents = {
            desk: Agent(
                program,
                workplace.folder / "state",
                dict(workplace.environ, TK_INCIDENT_SITE_URL=desk.url),
            )
            for desk in (workplace.desk, other)
        }
        pids = [agent.wait_until_up()["pid"] for agent in agents.values()]
        for host in (here, there):
            host.do("settle")
        for agent, instance in zip(agents.values(), ("tk-maya", "tk-nuke")):
            agent.wait_until_following(workplace.log_file(instance))
        fail(here, "find the rig")
        fail(there, "read the plate")
        wait_for("the ticket here", workplace.desk.tickets, agents[workplace.desk].state)
        wait_for("the ticket there", other.tickets, agents[other].state)
        (ticket,) = other.tickets()
        assert "read the plate" in ticket["description"]
        (ticket,) = workplace.desk.tickets()
        assert "find the rig" in ticket["description"]
        assert sorted(workplace.agent.processes()) == sorted(pids)
    finally:
        workplace.agent.kill()
        other.stop()
