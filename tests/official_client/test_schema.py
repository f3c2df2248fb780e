"""Fields that the client creates: named by the site, usable at once."""

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
