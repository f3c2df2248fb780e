"""Tickets on the desk as support reads them: the text, and the facts in the archive."""

import io
import json
import zipfile

from waiting import wait_for

VERSION = "v1.2.3"
PROGRAMS = {
    "tk-desktop": "Desktop",
    "tk-maya": "Maya 2026.1",
    "tk-nuke": "Nuke 15.1v2",
    "tk-houdini": "Houdini 20.5",
}


def ticket_with(workplace, text, attachments=0):
    """The one ticket whose description holds `text`, once it has its attachments."""

    def found():
        tickets = [
            ticket
            for ticket in workplace.desk.tickets()
            if text in (ticket["description"] or "")
        ]
        return tickets and len(tickets[0]["attachments"]) >= attachments and tickets

    (ticket,) = wait_for(
        "a ticket about %r with %d attachments" % (text, attachments),
        found,
        lambda: "%s\n%s" % (workplace.desk.tickets(), workplace.agent.state()),
    )
    return ticket


def counts_of(workplace):
    """How often each problem that was made to fail was counted; none has two tickets."""
    found = {}
    for ticket in workplace.desk.tickets():
        words = ticket["description"].split("What failed: Could not ", 1)[1]
        words = words.split("\n", 1)[0]
        assert words not in found, "two tickets about %r" % words
        found[words] = ticket["sg_incident_count"]
    return found


def incident_of(workplace, ticket):
    """The `incident.json` of the one archive on `ticket`."""
    files = workplace.desk.attachments(ticket)
    (archive,) = [data for name, data in files.items() if name.endswith(".zip")]
    with zipfile.ZipFile(io.BytesIO(archive)) as evidence:
        return json.loads(evidence.read("incident.json").decode("utf-8"))


def assert_facts(
    workplace, text, pid, instance, login="artist", environment=None, task=None
):
    """The ticket about `text`, and its `incident.json`, are about this session and no other."""
    ticket = ticket_with(workplace, text, attachments=2)
    rows = ticket["description"].splitlines()
    for row in (
        "User: %s" % login,
        "Process: %d" % pid,
        "Program: %s" % PROGRAMS[instance],
        "Engine: %s %s" % (instance, VERSION),
    ):
        assert row in rows, "%r is not in\n%s" % (row, ticket["description"])

    incident = incident_of(workplace, ticket)
    session = incident["session"]
    assert session, "no session in %s" % incident
    assert (incident["pid"], session["pid"]) == (pid, pid)
    assert (incident["user"], session["login"]) == (login, login)
    assert incident["engine"] == session["engine"]["instance"] == instance
    assert session["engine"]["version"] == VERSION
    assert session["host"]["name"] == PROGRAMS[instance].split()[0]
    if environment:
        assert session["environment"] == environment, session
    told = session["context"]["task"]
    assert (told and told["id"]) == (task and task["id"]), session["context"]
    if task:
        assert any(row.startswith("Task: lip sync") for row in rows), rows
    return ticket
