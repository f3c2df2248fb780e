"""A ticket that the agent filed, read as any other tool of a studio would read it: with the official client."""

import io
import json
import os
import pathlib
import subprocess
import time
import zipfile

import pytest

PATIENCE_S = 60
SECRET = "hunter2hunter2hunter2"

CHATTER = "2026-01-14 19:49:10,001 [2764 INFO sgtk.env.project.tk-maya] 씬 열기 bunny_010_anim_v012.ma\n"
DEBUG = "2026-01-14 19:49:10,500 [2764 DEBUG sgtk.core.authentication] Session token: %s\n" % SECRET
FAILURE = (
    "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] 게시 실패: bunny_010\n"
    "Traceback (most recent call last):\n"
    '  File "/studio/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py",'
    " line 412, in execute\n"
    "    plugin.run_publish(settings, item)\n"
    "ValueError: first frame 1101 is after last frame 1001\n"
)


@pytest.fixture
def desk(start_desk, tmp_path: pathlib.Path):
    """A desk of its own: the tickets here are those of the agent."""
    return start_desk(tmp_path / "desk")


@pytest.fixture
def agent(desk, tmp_path: pathlib.Path):
    """`tk-incident run` on a log folder of its own, filing on the desk."""
    logs = tmp_path / "home" / "logs"
    logs.mkdir(parents=True)
    config = tmp_path / "tk-incident.toml"
    config.write_text(
        "[site]\nurl = '%s'\nproject_id = %d\ncredentials = { script_key_file = '%s' }\n"
        "[agent]\nstate_dir = '%s'\n[limits]\ngather_s = 0\ntickets_per_hour = 0\ntickets_per_day = 0\n[watch]\nfolders = ['%s']\n"
        % (desk.url, desk.ready["project_id"], desk.data / "script_key.toml", tmp_path / "state", logs)
    )
    process = subprocess.Popen(
        [os.environ["TK_INCIDENT_BIN"], "--json", "run", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert json.loads(process.stdout.readline())["type"] == "ready"
        yield logs
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


def ticket_of(client, title: str) -> dict:
    """The ticket whose title contains `title`, once both its attachments are there."""
    fields = ["title", "description", "project", "sg_status_list", "sg_incident_count", "attachments"]
    deadline = time.monotonic() + PATIENCE_S
    while True:
        ticket = client.find_one("Ticket", [["title", "contains", title]], fields)
        if ticket and len(ticket["attachments"]) == 2:
            return ticket
        assert time.monotonic() < deadline, "no whole ticket of %r: %r" % (title, ticket)
        time.sleep(0.05)


def test_the_official_client_reads_what_the_agent_filed(desk, agent) -> None:
    log = agent / "tk-maya.log"
    log.write_text(CHATTER + DEBUG + FAILURE, encoding="utf-8")
    client = desk.connect()

    ticket = ticket_of(client, "ValueError")

    assert " - ValueError: first frame" in ticket["title"]
    assert ticket["project"]["id"] == desk.ready["project_id"]
    assert ticket["sg_status_list"] == "wtg"
    assert ticket["sg_incident_count"] == 1
    for words in ("게시 실패: bunny_010", "tk-multi-publish2 v2.10.8", "tk-maya", "in execute", "1101 is after"):
        assert words in ticket["description"], ticket["description"]

    files = {attachment["name"]: client.download_attachment(attachment["id"]) for attachment in ticket["attachments"]}
    (text,) = [content.decode("utf-8") for name, content in files.items() if name.endswith(".log")]
    written = log.read_text(encoding="utf-8").splitlines()
    read = text.splitlines()
    changed = [index for index, (before, after) in enumerate(zip(written, read)) if before != after]
    assert len(read) == len(written) and changed == [1], text
    assert SECRET not in text and read[1].startswith(written[1].split(SECRET)[0])

    (archive,) = [content for name, content in files.items() if name.endswith(".zip")]
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["incident.json", "environment.json", "traceback.txt", "logs/tk-maya.log"]
        incident = json.loads(opened.read("incident.json"))
        assert opened.read("logs/tk-maya.log").decode("utf-8") == text
        assert all(SECRET.encode() not in opened.read(name) for name in opened.namelist())
    assert incident["error_name"] == "ValueError"
    assert incident["engine"] == "tk-maya"
    assert incident["lines"] == [3, 7]
