"""Files: both upload forms, whole and in parts, and downloads that give back the same bytes."""

import pytest
import shotgun_api3

LOG = "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env] 여기 <b>\x1b[31m\n".encode() * 500


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "tk-maya 보고.log"
    path.write_bytes(LOG)
    return path


def test_an_uploaded_log_is_the_ticket_s_attachment(upload_form, make_ticket, sg, log, tmp_path):
    ticket = make_ticket(f"with log, {upload_form}")
    attachment_id = sg.upload("Ticket", ticket["id"], str(log), "attachments", tag_list="log, maya")

    row = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])
    assert row["attachments"] == [{"type": "Attachment", "id": attachment_id, "name": log.name}]
    attachment = sg.find_one(
        "Attachment",
        [["attachment_links", "is", ticket]],
        ["this_file", "display_name", "original_fname", "file_size", "tags", "project", "created_by"],
    )
    assert attachment["id"] == attachment_id
    assert attachment["original_fname"] == attachment["display_name"] == log.name
    assert attachment["file_size"] == len(LOG)
    assert {tag["name"] for tag in attachment["tags"]} == {"log", "maya"}
    assert attachment["project"]["name"] == "Incidents"
    file = attachment["this_file"]
    assert (file["link_type"], file["name"], file["content_type"]) == ("upload", log.name, "text/plain")

    assert sg.download_attachment(attachment_id) == LOG
    assert sg.download_attachment(file) == LOG
    target = tmp_path / "downloaded"
    sg.download_attachment({"type": "Attachment", "id": attachment_id}, file_path=str(target))
    assert target.read_bytes() == LOG


def test_display_name_and_no_field(upload_form, make_ticket, sg, log):
    ticket = make_ticket("no field")
    attachment_id = sg.upload("Ticket", ticket["id"], str(log), display_name="the log")
    row = sg.find_one("Ticket", [["attachments", "is", {"type": "Attachment", "id": attachment_id}]], ["attachments"])
    assert row["id"] == ticket["id"]
    assert row["attachments"][0]["name"] == "the log"


def test_a_url_field_takes_a_file(upload_form, desk, sg, log):
    configuration = sg.create("PipelineConfiguration", {"code": "c", "project": desk.project})
    attachment_id = sg.upload("PipelineConfiguration", configuration["id"], str(log), "uploaded_config")
    row = sg.find_one("PipelineConfiguration", [["id", "is", configuration["id"]]], ["uploaded_config"])
    assert row["uploaded_config"]["id"] == attachment_id
    assert sg.download_attachment(row["uploaded_config"]) == LOG


def test_forty_five_megabytes_in_parts(make_ticket, sg, tmp_path, monkeypatch):
    monkeypatch.setitem(sg.server_info, "s3_direct_uploads_enabled", True)
    monkeypatch.setitem(sg.server_info, "s3_enabled_upload_types", {"*": ["*"]})
    content = b"".join(number.to_bytes(4, "big") for number in range(45_000_000 // 4))
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    ticket = make_ticket("large")
    attachment_id = sg.upload("Ticket", ticket["id"], str(path), "attachments")
    assert sg.download_attachment(attachment_id) == content


def test_refused_uploads_say_why(upload_form, make_ticket, sg, log, desk):
    ticket = make_ticket("refused")
    with pytest.raises(shotgun_api3.ShotgunError, match="Ticket.nope doesn't exist"):
        sg.upload("Ticket", ticket["id"], str(log), "nope")
    with pytest.raises(shotgun_api3.ShotgunError, match="Ticket.title is a text field and takes no file"):
        sg.upload("Ticket", ticket["id"], str(log), "title")
    with pytest.raises(shotgun_api3.ShotgunError, match=r"Entity of type \[Ticket\] with id=400000 does not exist"):
        sg.upload("Ticket", 400000, str(log), "attachments")
    wrong = desk.connect(script_name="tk-incident", api_key="guess")
    wrong.server_info.update(sg.server_info)
    with pytest.raises(shotgun_api3.ShotgunError, match="Can't authenticate script"):
        wrong.upload("Ticket", ticket["id"], str(log), "attachments")
    assert sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])["attachments"] == []


def test_attachments_are_one_link_seen_from_both_sides(make_ticket, sg, log):
    first, second = make_ticket("one side"), make_ticket("other side")
    attachment = {"type": "Attachment", "id": sg.upload("Ticket", first["id"], str(log), "attachments")}

    def attached_to(ticket):
        row = sg.find_one("Ticket", [["id", "is", ticket["id"]]], ["attachments"])
        return [(found["type"], found["id"]) for found in row["attachments"]]

    here = [("Attachment", attachment["id"])]
    sg.update("Ticket", second["id"], {"attachments": [attachment]})
    assert (attached_to(first), attached_to(second)) == (here, here)
    sg.update("Ticket", first["id"], {"attachments": []})
    assert (attached_to(first), attached_to(second)) == ([], here)
    links = sg.find_one("Attachment", [["id", "is", attachment["id"]]], ["attachment_links"])["attachment_links"]
    assert [link["id"] for link in links] == [second["id"]]
    sg.delete("Attachment", attachment["id"])
    assert attached_to(second) == []
    with pytest.raises(shotgun_api3.ShotgunFileDownloadError):
        sg.download_attachment(attachment["id"])


def test_a_missing_attachment_is_an_error(sg):
    with pytest.raises(shotgun_api3.ShotgunFileDownloadError, match="HTTP Error 400"):
        sg.download_attachment(400000)


def test_everything_is_there_after_a_kill(start_desk, tmp_path, log):
    data = tmp_path / "data"
    desk = start_desk(data)
    sg = desk.connect()
    ticket = sg.create("Ticket", {"project": desk.project, "title": "survivor"})
    attachment_id = sg.upload("Ticket", ticket["id"], str(log), "attachments")
    desk.process.kill()
    desk.process.wait()

    again = start_desk(data)
    assert again.ready["script_key"] == desk.ready["script_key"]
    assert again.ready["project_id"] == desk.ready["project_id"]
    sg = again.connect()
    row = sg.find_one("Ticket", [["title", "is", "survivor"]], ["attachments"])
    assert [attachment["id"] for attachment in row["attachments"]] == [attachment_id]
    assert sg.download_attachment(attachment_id) == LOG
