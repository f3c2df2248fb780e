"""Trouble on demand, as the official client meets it."""

import http.client
import json
import urllib.request
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


def door(desk, method, path="", rules=None):
    """The door to the rules of a running desk."""
    request = urllib.request.Request(
        desk.url + "/desk/faults" + path,
        method=method,
        data=rules and json.dumps({"rules": rules}).encode(),
        headers={"Authorization": "Bearer " + desk.ready["script_key"]},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["rules"]


def test_rules_change_while_a_client_works(tmp_path, start_desk):
    desk = start_desk(tmp_path / "desk")
    sg = desk.connect()
    ticket = sg.create("Ticket", {"title": "with a file", "project": desk.project})
    log = tmp_path / "tk-maya.log"
    log.write_text("the log\n")

    door(desk, "POST", rules=["upload=swallow,times=1", "read=502,times=2", "summarize=sso", "update=half"])
    nowhere = sg.upload("Ticket", ticket["id"], str(log), "attachments")
    found = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])
    assert found["attachments"] == [], "502 is asked again; %d never arrived" % nowhere
    with pytest.raises(xmlrpc.client.ProtocolError) as caught:
        sg.summarize("Ticket", [], [{"field": "id", "type": "count"}])
    assert caught.value.errcode == 302
    with pytest.raises(http.client.IncompleteRead):
        sg.update("Ticket", ticket["id"], {"title": "changed all the same"})
    assert [(rule["number"], rule["met"]) for rule in door(desk, "GET")] == [(0, 1), (1, 2), (2, 1), (3, 1)]

    assert [rule["rule"] for rule in door(desk, "DELETE", "/3")][-1] == "summarize=sso"
    assert door(desk, "DELETE") == []
    sg.upload("Ticket", ticket["id"], str(log), "attachments")
    found = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["title", "attachments"])
    assert (found["title"], len(found["attachments"])) == ("changed all the same", 1)
