"""Settings of the client that change what it sends: zones, localisation, archived projects, presets, times of uploads."""

import datetime

UTC = datetime.timezone.utc


def test_times_with_and_without_conversion(desk, make_ticket):
    raw = desk.connect(
        script_name=desk.ready["script_name"], api_key=desk.ready["script_key"], convert_datetimes_to_utc=False
    )
    ticket = make_ticket("of a time")
    raw.update("Ticket", ticket["id"], {"sg_incident_last_seen": datetime.datetime(2026, 1, 14, 10, 49, 11)})
    here = [["id", "is", ticket["id"]], ["sg_incident_last_seen", "is", datetime.datetime(2026, 1, 14, 10, 49, 11)]]
    assert raw.find_one("Ticket", here, ["sg_incident_last_seen"])["sg_incident_last_seen"].replace(tzinfo=UTC) == (
        datetime.datetime(2026, 1, 14, 10, 49, 11, tzinfo=UTC)
    )
    converted = desk.connect().find_one("Ticket", [["id", "is", ticket["id"]]], ["sg_incident_last_seen"])
    assert converted["sg_incident_last_seen"] == datetime.datetime(2026, 1, 14, 10, 49, 11, tzinfo=UTC)


def test_a_client_that_asks_for_its_language_is_answered(desk):
    localized = desk.connect()
    localized.config.localized = True
    assert localized.schema_field_read("Ticket", "title")["title"]["name"]["value"] == "Title"


def test_archived_projects_can_be_left_out(sg):
    project = sg.create("Project", {"name": "long finished", "archived": True})
    shot = sg.create("Shot", {"project": project, "code": "old"})
    here = [["id", "is", shot["id"]]]
    assert sg.find_one("Shot", here)["id"] == shot["id"]
    assert sg.find_one("Shot", here, include_archived_projects=False) is None
    counted = [{"field": "id", "type": "count"}]
    assert sg.summarize("Shot", here, counted)["summaries"]["id"] == 1
    assert sg.summarize("Shot", here, counted, include_archived_projects=False)["summaries"]["id"] == 0


def test_the_latest_version_of_those_that_pass(desk, sg):
    asset = sg.create("Asset", {"project": desk.project, "code": "preset"})
    first, second = (
        sg.create("Version", {"project": desk.project, "code": code, "entity": asset}) for code in ("v1", "v2")
    )
    latest = [{"preset_name": "LATEST", "latest_by": "ENTITIES_CREATED_AT"}]
    about = [["entity", "is", asset]]
    assert [row["id"] for row in sg.find("Version", about, additional_filter_presets=latest)] == [second["id"]]
    only = [["id", "is", first["id"]]]
    assert sg.find_one("Version", only, additional_filter_presets=latest)["id"] == first["id"]


def test_an_upload_may_say_when_it_was_made(upload_form, make_ticket, sg, tmp_path):
    path = tmp_path / "old.log"
    path.write_text("long ago\n")
    ticket = make_ticket("with an old file")
    made = datetime.datetime(2021, 6, 16, 8, 55, 0, tzinfo=UTC)
    attachment = sg.upload("Ticket", ticket["id"], str(path), "attachments", created_at=made)
    row = sg.find_one("Attachment", [["id", "is", attachment]], ["created_at"])
    assert row["created_at"] == made
