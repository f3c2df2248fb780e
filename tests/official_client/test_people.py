"""What people do on a site besides writing rows: follow, search, look at what happened, keep days free."""

import datetime

import pytest
import shotgun_api3


@pytest.fixture
def person(sg, request):
    login = request.node.name[:60]
    return sg.create("HumanUser", {"login": login, "name": login.replace("_", " "), "password_proxy": "pa55word"})


def ids(rows):
    return [(row["type"], row["id"]) for row in rows]


def test_followers_and_what_they_follow(desk, sg, make_ticket, person):
    ticket = make_ticket("followed")
    task = sg.create("Task", {"project": desk.project, "content": "look after it"})
    assert sg.follow(person, ticket)["followed"] is True
    assert sg.follow(person, ticket)["followed"] is True, "twice is as once"
    sg.follow(person, task)
    assert ids(sg.followers(ticket)) == ids([person])
    assert sg.followers(ticket)[0]["name"] == "test followers and what they follow"
    assert ids(sg.following(person)) == ids([task, ticket])
    assert ids(sg.following(person, entity_type="Task")) == ids([task])
    assert ids(sg.following(person, project=desk.project)) == ids([task, ticket])
    elsewhere = sg.create("Project", {"name": "elsewhere"})
    assert sg.following(person, project=elsewhere) == []
    sg.delete("Task", task["id"])
    assert ids(sg.following(person)) == ids([ticket]), "what is retired is not shown"
    assert sg.unfollow(person, ticket)["unfollowed"] is True
    assert sg.followers(ticket) == []
    with pytest.raises(shotgun_api3.Fault, match="'user' is not a HumanUser"):
        sg.follow(ticket, ticket)
    with pytest.raises(shotgun_api3.Fault, match=r"Entity of type \[Ticket\] with id=400000 does not exist"):
        sg.follow(person, {"type": "Ticket", "id": 400000})


def test_when_a_person_last_opened_a_project(desk, sg, person):
    field = "last_accessed_by_current_user"

    def seen_by(client):
        return client.find_one("Project", [["id", "is", desk.project["id"]]], [field])[field]

    me = desk.connect(login=sg.find_one("HumanUser", [["id", "is", person["id"]]], ["login"])["login"], password="pa55word")
    assert seen_by(me) is None
    me.update_project_last_accessed(desk.project)
    first = seen_by(me)
    assert isinstance(first, datetime.datetime)
    assert seen_by(sg) is None, "it is the person's own"
    sg.update_project_last_accessed(desk.project, user=person)
    assert seen_by(me) >= first
    with pytest.raises(shotgun_api3.Fault, match="'user_id'"):
        sg.update_project_last_accessed(desk.project)


def test_text_search_finds_rows_of_several_types_by_their_names(desk, sg):
    shot = sg.create("Shot", {"project": desk.project, "code": "Zebra Crossing 3", "sg_status_list": "ip"})
    asset = sg.create("Asset", {"project": desk.project, "code": "zebra crossing 4"})
    task = sg.create("Task", {"project": desk.project, "content": "Zebra fur", "entity": shot})
    found = sg.text_search("CROSSING zebra", {"Shot": [], "Asset": []})
    assert found["terms"] == ["crossing", "zebra"]
    assert ids(found["matches"]) == ids([shot, asset])
    assert found["matches"][0] == {
        "id": shot["id"],
        "type": "Shot",
        "name": "Zebra Crossing 3",
        "project_id": desk.project["id"],
        "image": None,
        "links": ["", ""],
        "status": "ip",
    }
    narrowed = sg.text_search("zebra", {"Shot": [["code", "ends_with", "9"]], "Asset": [], "Task": []})
    assert ids(narrowed["matches"]) == ids([asset, task])
    assert narrowed["matches"][1]["links"] == ["Shot", "Zebra Crossing 3"]
    assert len(sg.text_search("zebra", {"Shot": [], "Asset": [], "Task": []}, limit=2)["matches"]) == 2
    assert sg.text_search("zebra", {"Shot": []}, project_ids=[400000])["matches"] == []
    with pytest.raises(shotgun_api3.Fault, match="at least 3 characters"):
        sg.text_search("ze", {"Shot": []})


def test_the_activity_of_a_ticket(desk, sg, make_ticket):
    ticket = make_ticket("busy")
    sg.update("Ticket", ticket["id"], {"sg_status_list": "opn"})
    note = sg.create("Note", {"project": desk.project, "subject": "a word", "note_links": [ticket]})
    reply = sg.create("Reply", {"entity": ticket, "content": "again"})
    stream = sg.activity_stream_read("Ticket", ticket["id"], entity_fields={"Note": ["subject", "project.Project.name"]})
    assert (stream["entity_type"], stream["entity_id"]) == ("Ticket", ticket["id"])
    kinds = [(update["update_type"], update["primary_entity"]["type"]) for update in stream["updates"]]
    assert kinds == [("create_reply", "Reply"), ("create", "Note"), ("update", "Ticket"), ("create", "Ticket")]
    newest, about, changed, made = stream["updates"]
    assert newest["primary_entity"]["id"] == reply["id"]
    assert about["primary_entity"] == {
        "type": "Note",
        "id": note["id"],
        "name": "a word",
        "status": "opn",
        "subject": "a word",
        "project.Project.name": "Incidents",
    }
    assert changed["meta"]["new_value"] == "opn"
    assert made["created_by"]["name"] == "tk-incident" and made["read"] is False
    assert (stream["latest_update_id"], stream["earliest_update_id"]) == (newest["id"], made["id"])

    first = sg.activity_stream_read("Ticket", ticket["id"], limit=1)["updates"]
    assert [update["id"] for update in first] == [newest["id"]]
    older = sg.activity_stream_read("Ticket", ticket["id"], max_id=changed["id"], min_id=changed["id"])["updates"]
    assert [update["id"] for update in older] == [changed["id"]]
    project = sg.activity_stream_read("Project", desk.project["id"], min_id=made["id"])["updates"]
    assert {changed["id"], about["id"]} <= {update["id"] for update in project}


def test_a_note_thread_is_told_in_order_with_its_authors(desk, sg, tmp_path):
    note = sg.create("Note", {"project": desk.project, "subject": "thread", "content": "hello"})
    sg.create("Reply", {"entity": note, "content": "world"})
    file = tmp_path / "shown.txt"
    file.write_text("look")
    sg.upload("Note", note["id"], str(file))
    thread = sg.note_thread_read(note["id"], {"Note": ["subject"], "Attachment": ["display_name"]})
    assert [row["type"] for row in thread] == ["Note", "Reply", "Attachment"]
    assert thread[0]["subject"] == "thread" and thread[2]["display_name"] == "shown.txt"
    author = thread[1]["user"]
    assert (author["type"], author["valid"], author["image"]) == ("ApiUser", "valid", None)
    assert {"status", "valid"} <= set(thread[0]["created_by"]) and "image" not in thread[0]["created_by"]
    with pytest.raises(shotgun_api3.Fault, match=r"Entity of type \[Note\] with id=400000"):
        sg.note_thread_read(400000)


def test_days_off_of_the_studio_a_project_and_a_person(sg, person):
    project = sg.create("Project", {"name": "with holidays"})

    def reasons(project=None, user=None):
        days = sg.work_schedule_read("2012-01-02", "2012-01-07", project, user)
        return [(day["reason"], day["working"]) for _, day in sorted(days.items())]

    week = [("STUDIO_WORK_WEEK", True)] * 5 + [("STUDIO_WORK_WEEK", False)]
    assert reasons(project, person) == week
    assert sg.work_schedule_update("2012-01-03", False, "Studio Holiday") == {
        "date": "2012-01-03",
        "description": "Studio Holiday",
        "project": None,
        "user": None,
        "working": False,
    }
    answer = sg.work_schedule_update("2012-01-04", False, "Project Holiday", project)
    assert (answer["project"]["name"], answer["user"]) == ("with holidays", None)
    sg.work_schedule_update("2012-01-07", True, "Crunch", user=person)
    expected = list(week)
    expected[1] = ("STUDIO_EXCEPTION", False)
    assert reasons() == expected
    expected[2], expected[5] = ("PROJECT_EXCEPTION", False), ("USER_EXCEPTION", True)
    assert reasons(project, person) == expected
    with pytest.raises(shotgun_api3.Fault, match="'start_date' is after 'end_date'"):
        sg.work_schedule_read("2012-01-07", "2012-01-01")
    with pytest.raises(shotgun_api3.Fault, match="not a date YYYY-MM-DD"):
        sg.work_schedule_read("tomorrow", "2012-01-01")


def test_preferences_are_those_of_a_fresh_site(sg):
    everything = sg.preferences_read()
    assert {"view_master_settings", "creative_review_settings", "hours_per_day", "duration_units"} <= set(everything)
    assert sg.preferences_read(["date_component_order", "no_such"]) == {"date_component_order": "month_day"}
