"""From a failing app in a real Toolkit engine to the ticket on the desk."""

import concurrent.futures
import io
import json
import zipfile

from tickets import ticket_with
from waiting import wait_for

FIVE_MIB = 5 * 1024 * 1024


def test_a_chained_exception_becomes_a_ticket_and_survives_a_rollover(workplace):
    host = workplace.start("tk-maya")
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))

    host.do("publish", path="/shots/sh010/scene.ma")
    host.do("fill", bytes=FIVE_MIB)
    rolled = workplace.log_folder / "tk-maya.log.1"
    assert "게시할 수 없습니다" in rolled.read_text(encoding="utf-8")
    assert "게시할" not in workplace.log_file("tk-maya").read_text(encoding="utf-8")
    host.do("fail", reason="no more disk", message="Scene was not saved")

    ticket = ticket_with(workplace, "게시할 수 없습니다", attachments=2)
    assert ticket["title"].startswith("artist - ValueError"), ticket["title"]
    assert ticket["project"]["id"] == workplace.desk.project["id"]
    description = ticket["description"]
    for text in (
        "Traceback (most recent call last)",
        "OSError: 디스크가 가득 찼습니다: /shots/sh010/scene.ma",
        "The above exception was the direct cause of the following exception:",
        "ValueError: 게시할 수 없습니다",
        "Publish failed for /shots/sh010/scene.ma",
        "tk-maya",
        "tk-multi-stub",
        "artist",
        "Maya",
        "2026.1",
        "v0.21.7",
    ):
        assert text in description, "%r is not in\n%s" % (text, description)

    files = workplace.desk.attachments(ticket)
    archives = {name: data for name, data in files.items() if name.endswith(".zip")}
    logs = {name: data for name, data in files.items() if name not in archives}
    (log,) = logs.values()
    assert "게시할 수 없습니다" in log.decode("utf-8")
    (archive,) = archives.values()
    with zipfile.ZipFile(io.BytesIO(archive)) as evidence:
        assert evidence.testzip() is None
        incident = json.loads(evidence.read("incident.json").decode("utf-8"))
    assert "tk-maya" in json.dumps(incident)

    after = ticket_with(workplace, "Scene was not saved")
    assert after["title"].startswith("artist - RuntimeError"), after["title"]
    assert len(workplace.desk.tickets()) == 2


def test_restart_context_change_and_a_second_host_share_one_agent(workplace):
    agent = workplace.agent
    maya = workplace.start("tk-maya")
    pid = agent.wait_until_up()["pid"]

    answer = maya.do("restart")
    assert "tk-incidentreporter" in answer["apps"]
    task = workplace.desk.admin.create(
        "Task", {"content": "lip sync", "project": workplace.desk.project}
    )
    maya.do("change_context", entity={"type": "Task", "id": task["id"]})
    maya.do("settle")
    agent.wait_until_following(workplace.log_file("tk-maya"))
    maya.do("publish", path="/shots/sh020/scene.ma")
    of_maya = ticket_with(workplace, "/shots/sh020/scene.ma")
    assert "lip sync" in of_maya["description"]

    nuke = workplace.start("tk-nuke")
    agent.wait_until_following(workplace.log_file("tk-nuke"))
    wait_for(
        "the second session at the agent",
        lambda: len(agent.status()["sessions"]) == 2,
        agent.state,
    )
    nuke.do("fail", reason="no licence", message="Render was not started")
    of_nuke = ticket_with(workplace, "Render was not started")
    assert "tk-nuke" in of_nuke["description"]
    assert of_nuke["id"] != of_maya["id"]

    assert agent.status()["pid"] == pid
    assert list(agent.processes()) == [pid]


def test_hosts_that_start_at_the_same_moment_share_one_agent(workplace):
    instances = ("tk-desktop", "tk-maya", "tk-nuke")
    with concurrent.futures.ThreadPoolExecutor(len(instances)) as together:
        hosts = list(together.map(workplace.start, instances))
    for host in hosts:
        host.do("settle")

    agent = workplace.agent
    agent.wait_until_up()
    wait_for(
        "the three sessions at the agent",
        lambda: {line["engine"] for line in agent.status()["sessions"]}
        == set(instances),
        agent.state,
    )
    wait_for(
        "the late starters to leave",
        lambda: list(agent.processes()) == [agent.status()["pid"]],
        agent.state,
    )


def test_a_session_ends_and_the_agent_stays(workplace):
    agent = workplace.agent
    host = workplace.start("tk-maya")
    pid = agent.wait_until_up()["pid"]
    wait_for(
        "the session at the agent",
        lambda: len(agent.status()["sessions"]) == 1,
        agent.state,
    )

    host.do("destroy")
    wait_for(
        "the end of the session",
        lambda: not agent.status()["sessions"],
        agent.state,
    )
    assert agent.status()["pid"] == pid


def test_a_host_of_the_next_day_starts_the_agent_again(workplace):
    agent = workplace.agent
    first = workplace.start("tk-maya")
    pid = agent.wait_until_up()["pid"]
    first.quit()
    agent.stop()

    workplace.start("tk-maya")
    assert agent.wait_until_up()["pid"] != pid
