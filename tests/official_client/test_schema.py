"""Fields that the client creates, changes and deletes, what the schema says of them, and links to local files."""

import datetime

import pytest
import shotgun_api3


def test_a_created_field_is_named_by_its_label_and_holds_values(tmp_path, start_desk):
    desk = start_desk(tmp_path / "desk")
    sg = desk.connect()
    assert sg.schema_field_create("Ticket", "text", "Render Job") == "sg_render_job"
    assert sg.schema_field_create("Ticket", "text", "Render Job") == "sg_render_job_1"
    assert sg.schema_field_create("Ticket", "date_time", "Job Ended") == "sg_job_ended"
    described = sg.schema_field_read("Ticket", "sg_render_job")["sg_render_job"]
    assert (described["data_type"]["value"], described["name"]["value"]) == ("text", "Render Job")

    ended = datetime.datetime(2026, 1, 14, 10, 49, 11, tzinfo=datetime.timezone.utc)
    fields = {"project": desk.project, "title": "a job", "sg_render_job": "job 7", "sg_job_ended": ended}
    ticket = sg.create("Ticket", fields)
    found = sg.find_one("Ticket", [["sg_render_job", "is", "job 7"]], ["sg_job_ended"])
    assert (found["id"], found["sg_job_ended"]) == (ticket["id"], ended)


def test_a_field_that_cannot_be_is_refused(sg):
    with pytest.raises(shotgun_api3.Fault, match="no data type this site can add"):
        sg.schema_field_create("Ticket", "magic", "Spell")


def test_a_list_s_values_are_changed_and_the_field_is_hidden_and_deleted(tmp_path, start_desk):
    desk = start_desk(tmp_path / "desk")
    sg, project = desk.connect(), desk.project
    properties = {"valid_values": ["low", "high"], "default_value": "low", "description": "How hard"}
    field = sg.schema_field_create("Ticket", "list", "Complexity", properties)
    assert sg.schema_field_update("Ticket", field, {"valid_values": ["low", "middle"], "name": "Effort"}) is True
    described = sg.schema_field_read("Ticket", field)[field]
    assert described["name"] == {"value": "Effort", "editable": True}
    assert described["properties"]["valid_values"]["value"] == ["low", "middle"]
    ticket = sg.create("Ticket", {"project": project, "title": "a job"}, [field])
    assert ticket[field] == "low"
    with pytest.raises(shotgun_api3.Fault, match="Valid values: low, middle"):
        sg.update("Ticket", ticket["id"], {field: "high"})

    with pytest.raises(shotgun_api3.Fault, match="needs a 'project'"):
        sg.schema_field_update("Ticket", field, {"visible": False})
    sg.schema_field_update("Ticket", field, {"visible": False}, project)
    assert sg.schema_field_read("Ticket", field, project)[field]["visible"] == {"value": False, "editable": True}
    assert sg.schema_field_read("Ticket", field)[field]["visible"] == {"value": True, "editable": True}
    assert sg.schema_field_delete("Ticket", field) is True
    with pytest.raises(shotgun_api3.Fault, match="doesn't exist"):
        sg.schema_field_delete("Ticket", field)


def test_links_are_created_with_the_types_they_may_point_to(tmp_path, start_desk):
    desk = start_desk(tmp_path / "desk")
    sg, project = desk.connect(), desk.project
    field = sg.schema_field_create("Ticket", "multi_entity", "Seen In", {"valid_types": ["Shot", "Asset"]})
    shot = sg.create("Shot", {"project": project, "code": "s010"})
    ticket = sg.create("Ticket", {"project": project, "title": "a job", field: [shot]})
    assert sg.find("Ticket", [[field, "is", shot]]) == [{"type": "Ticket", "id": ticket["id"]}]
    assert sg.find_one("Ticket", [["id", "is", ticket["id"]]], [field])[field][0]["name"] == "s010"
    with pytest.raises(shotgun_api3.Fault, match="expected an entity of type"):
        sg.update("Ticket", ticket["id"], {field: [project]})


def test_a_published_file_is_a_local_file(tmp_path, start_desk):
    desk = start_desk(tmp_path / "desk")
    sg, project = desk.connect(), desk.project
    sg.create("LocalStorage", {"code": "primary", "linux_path": "/mnt/work", "windows_path": "W:\\work", "mac_path": "/work"})
    kind = sg.create("PublishedFileType", {"code": "Maya Scene"})
    made = sg.create(
        "PublishedFile",
        {
            "project": project,
            "code": "a.ma",
            "version_number": 3,
            "published_file_type": kind,
            "path": {"local_path": "/mnt/work/shot/a.ma"},
        },
    )
    path = sg.find_one("PublishedFile", [["id", "is", made["id"]]], ["path"])["path"]
    assert (path["link_type"], path["name"], path["local_storage"]["name"]) == ("local", "a.ma", "primary")
    assert path["local_path_windows"] == "W:\\work\\shot\\a.ma"
    # The client puts in the path of the platform it runs on.
    assert path["url"] == "file://" + path["local_path"]
