"""Trouble on demand, as the official client meets it."""

import xmlrpc.client

import pytest
import shotgun_api3


def tickets(sg):
    return sorted(row["title"] for row in sg.find("Ticket", [], ["title"]))


def test_faults_and_statuses_become_the_exceptions_they_should(tmp_path, start_desk):
    desk = start_desk(
        tmp_path,
        *("--fault", "create:Ticket=expired,times=1"),
        *("--fault", "create:Ticket=refused,times=1"),
        *("--fault", "create:Ticket=429,retry=1,times=1"),
    )
    sg = desk.connect()
    row = {"title": "made in the end", "project": desk.project}
    with pytest.raises(shotgun_api3.AuthenticationFault):
        sg.create("Ticket", row)
    with pytest.raises(shotgun_api3.Fault, match="cannot be created by this user"):
        sg.create("Ticket", row)
    with pytest.raises(xmlrpc.client.ProtocolError) as caught:
        sg.create("Ticket", row)
    assert caught.value.errcode == 429
    sg.create("Ticket", row)
    assert tickets(sg) == ["made in the end"]


def test_a_lost_answer_makes_the_official_client_create_twice(tmp_path, start_desk):
    """Its HTTP library sends a request again whose connection ended without an answer. Ours must not do that."""
    desk = start_desk(tmp_path, "--fault", "create:Ticket=lost,times=1")
    sg = desk.connect()
    sg.create("Ticket", {"title": "twice", "project": desk.project})
    assert tickets(sg) == ["twice", "twice"]


def test_storage_that_asks_to_slow_down_is_asked_again(tmp_path, start_desk):
    desk = start_desk(tmp_path / "desk", "--uploads", "storage", "--fault", "link-info=503,times=1")
    sg = desk.connect()
    ticket = sg.create("Ticket", {"title": "with a file", "project": desk.project})
    log = tmp_path / "tk-maya.log"
    log.write_text("the log\n")
    sg.upload("Ticket", ticket["id"], str(log), "attachments")
    found = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])
    assert [link["name"] for link in found["attachments"]] == ["tk-maya.log"]
