"""Rows: create, update with modes, delete, revive, batch, and the faults of wrong writes."""

import datetime

import pytest
import shotgun_api3


def test_create_answers_what_was_set_and_asked_for(desk, sg):
    ticket = sg.create(
        "Ticket",
        {"project": desk.project, "title": "  alice - ValueError  ", "description": "line\n  line <b> & 여기"},
        ["created_at", "sg_status_list", "created_by", "replies", "attachments", "cached_display_name"],
    )
    assert ticket["type"] == "Ticket"
    assert ticket["title"] == "alice - ValueError"
    assert ticket["description"] == "line\n  line <b> & 여기"
    assert ticket["project"] == {**desk.project, "name": "Incidents"}
    assert ticket["sg_status_list"] == "wtg"
    assert isinstance(ticket["created_at"], datetime.datetime)
    assert ticket["created_by"]["name"] == "tk-incident"
    assert (ticket["replies"], ticket["attachments"]) == ([], [])
    assert ticket["cached_display_name"] == "alice - ValueError"


def test_custom_fields_and_every_kind_of_value_come_back(desk, sg):
    when = datetime.datetime(2026, 1, 14, 10, 49, 11, tzinfo=datetime.timezone.utc)
    values = {
        "sg_incident_key": "g1:0123 alice",
        "sg_incident_count": 51,
        "sg_incident_last_seen": when,
        "sg_due_date": "2026-02-01",
        "sg_priority": "1",
        "sg_estimate": 90,
    }
    ticket = sg.create("Ticket", {"project": desk.project, "title": "kinds", **values})
    row = sg.find_one("Ticket", [["id", "is", ticket["id"]]], list(values))
    assert {name: row[name] for name in values} == values


def test_empty_text_is_null(make_ticket, sg):
    ticket = make_ticket("to be emptied", description="something")
    assert sg.update("Ticket", ticket["id"], {"description": "   "})["description"] is None


def test_update_modes_of_a_multi_entity_field(make_ticket, sg):
    ticket = make_ticket("tags")
    red, green, blue = (sg.create("Tag", {"name": name}) for name in ("red", "green", "blue"))

    def names(**modes):
        sg.update("Ticket", ticket["id"], {"tags": modes.pop("value")}, multi_entity_update_modes=modes or None)
        return [tag["name"] for tag in sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["tags"])["tags"]]

    assert names(value=[red, green]) == ["red", "green"]
    assert names(value=[blue], tags="add") == ["red", "green", "blue"]
    assert names(value=[green], tags="remove") == ["red", "blue"]
    assert names(value=[]) == []


def test_delete_and_revive(make_ticket, sg):
    ticket = make_ticket("to be retired")
    here = [["id", "is", ticket["id"]]]
    assert sg.delete("Ticket", ticket["id"]) is True
    assert sg.delete("Ticket", ticket["id"]) is False
    assert sg.find_one("Ticket", here) is None
    assert sg.find_one("Ticket", here, retired_only=True)["id"] == ticket["id"]
    with pytest.raises(shotgun_api3.Fault, match="does not exist"):
        sg.update("Ticket", ticket["id"], {"title": "ghost"})
    assert sg.revive("Ticket", ticket["id"]) is True
    assert sg.revive("Ticket", ticket["id"]) is False
    assert sg.find_one("Ticket", here)["id"] == ticket["id"]
    with pytest.raises(shotgun_api3.Fault, match=r"Entity of type \[Ticket\] with id=400000 does not exist\."):
        sg.delete("Ticket", 400000)


def test_batch_is_one_transaction(desk, make_ticket, sg):
    first, second = make_ticket("batch one"), make_ticket("batch two")
    created, updated, deleted = sg.batch(
        [
            {"request_type": "create", "entity_type": "Ticket", "data": {"project": desk.project, "title": "batched"}},
            {"request_type": "update", "entity_type": "Ticket", "entity_id": first["id"], "data": {"title": "changed"}},
            {"request_type": "delete", "entity_type": "Ticket", "entity_id": second["id"]},
        ]
    )
    assert (created["title"], updated["title"], deleted) == ("batched", "changed", True)

    before = sg.summarize("Ticket", [], [{"field": "id", "type": "count"}])["summaries"]["id"]
    with pytest.raises(shotgun_api3.Fault, match="doesn't exist"):
        sg.batch(
            [
                {"request_type": "create", "entity_type": "Ticket", "data": {"project": desk.project, "title": "lost"}},
                {"request_type": "update", "entity_type": "Ticket", "entity_id": first["id"], "data": {"nope": 1}},
            ]
        )
    assert sg.summarize("Ticket", [], [{"field": "id", "type": "count"}])["summaries"]["id"] == before


def test_replies_are_seen_from_the_ticket(make_ticket, sg):
    ticket = make_ticket("with replies")
    sg.create("Reply", {"entity": ticket, "content": "happened again"})
    reply = sg.create("Reply", {"entity": ticket, "content": "and again"}, ["user", "created_at", "publish_status"])
    assert reply["user"]["type"] == "ApiUser"
    assert reply["publish_status"] == "published"
    row = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["replies"])
    assert [reply["name"] for reply in row["replies"]] == ["happened again", "and again"]
    sg.delete("Reply", reply["id"])
    row = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["replies"])
    assert [reply["name"] for reply in row["replies"]] == ["happened again"]


def test_note_thread(desk, sg):
    note = sg.create("Note", {"project": desk.project, "subject": "about", "content": "hello"})
    sg.create("Reply", {"entity": note, "content": "world"})
    thread = sg.note_thread_read(note["id"])
    assert [(row["type"], row["content"]) for row in thread] == [("Note", "hello"), ("Reply", "world")]
    assert thread[1]["user"]["type"] == "ApiUser"


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"nope": 1}, r"API create\(\) Ticket\.nope doesn't exist\."),
        ({"title": 12345}, r"API create\(\) Ticket\.title expected \[String, NilClass\] data type\(s\) but got Integer: 12345"),
        ({"sg_status_list": "zz"}, r"failed for \[Ticket\.sg_status_list\]: 'zz' is not a valid status\. Valid statuses: wtg"),
        ({"sg_priority": "zz"}, r"'zz' is not a valid value\. Valid values: 1, 2"),
        ({"sg_incident_count": 2**31}, "32-bit"),
        ({"sg_due_date": "tomorrow"}, "YYYY-MM-DD"),
        ({"id": 7}, "not editable"),
        ({"tags": [{"type": "Ticket", "id": 1}]}, r"expected an entity of type \[Tag\] but got Ticket"),
        ({"tags": [{"type": "Tag", "id": 999999}]}, r"Entity of type \[Tag\] with id=999999 does not exist\."),
        ({"tags": None}, r"expected \[Array\]"),
        ({"project": {"type": "Project"}}, "invalid/missing entity hash"),
    ],
)
def test_wrong_writes_are_faults_with_fpt_texts(desk, sg, fields, text):
    with pytest.raises(shotgun_api3.Fault, match=text):
        sg.create("Ticket", {"project": desk.project, "title": "wrong", **fields})


def test_a_ticket_needs_a_project_and_a_type_must_exist(make_ticket, sg):
    with pytest.raises(shotgun_api3.Fault, match=r"API create\(\) missing 'project' attribute: "):
        sg.create("Ticket", {"title": "nowhere"})
    with pytest.raises(shotgun_api3.Fault, match="Entity type 'Tiket' does not exist."):
        sg.create("Tiket", {"title": "typo"})
    ticket = make_ticket("once")
    with pytest.raises(shotgun_api3.Fault, match=r"API update\(\) Ticket\.created_at is editable on create only\."):
        sg.update("Ticket", ticket["id"], {"created_at": datetime.datetime.now()})
    sg.create("HumanUser", {"login": "unique"})
    with pytest.raises(shotgun_api3.Fault, match="unique"):
        sg.create("HumanUser", {"login": "Unique"})


def test_schema(sg):
    assert sg.schema_entity_read()["Ticket"]["name"]["value"] == "Ticket"
    assert sg.schema_read()["Reply"]["entity"]["properties"]["valid_types"]["value"] == ["Ticket", "Note"]
    fields = sg.schema_field_read("Ticket")
    assert {"title", "sg_incident_key", "sg_incident_count", "sg_incident_last_seen", "attachments"} <= set(fields)
    status = sg.schema_field_read("Ticket", "sg_status_list")["sg_status_list"]
    assert status["data_type"] == {"value": "status_list", "editable": False}
    assert status["properties"]["valid_values"]["value"] == ["wtg", "opn", "ip", "rev", "res"]
    assert status["properties"]["display_values"]["value"]["res"] == "Resolved"
    assert status["properties"]["default_value"]["value"] == "wtg"
    with pytest.raises(shotgun_api3.Fault, match="Ticket.nope doesn't exist"):
        sg.schema_field_read("Ticket", "nope")
