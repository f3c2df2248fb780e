"""Thumbnails: both upload forms, both pictures of a row, sharing, and files that are no pictures."""

import time
import urllib.error
import urllib.request

import pytest
import shotgun_api3

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cch\x00\x00\x00\x82\x00\x81w\xcdr\xb6\x00\x00\x00\x00IEND\xaeB`\x82"
)
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x01\n\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
TRANSIENT = "/images/status/transient/"


@pytest.fixture
def version(desk, sg):
    return sg.create("Version", {"project": desk.project, "code": "v001"})


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "보기.png"
    path.write_bytes(PNG)
    return str(path)


def image_of(sg, row, field="image"):
    """The address of a row's picture, once it is no longer a transient one."""
    deadline = time.monotonic() + 60
    while True:
        address = sg.find_one(row["type"], [["id", "is", row["id"]]], [field])[field]
        if address is None or TRANSIENT not in address:
            return address
        assert time.monotonic() < deadline, "still transient"
        time.sleep(0.1)


def get(address):
    with urllib.request.urlopen(address) as response:
        return response.headers, response.read()


def test_a_picture_of_a_row_can_be_shown(upload_form, sg, version, picture):
    assert sg.find_one("Version", [["id", "is", version["id"]], ["image", "is", None]]) is not None
    attachment = sg.upload_thumbnail("Version", version["id"], picture)
    new = sg.find_one("Version", [["id", "is", version["id"]]], ["image"])["image"]
    if TRANSIENT in new:
        headers, stand_in = get(new)
        assert headers["Content-Type"] == "image/png" and stand_in.startswith(b"\x89PNG")
    address = image_of(sg, version)
    headers, content = get(address)
    assert (headers["Content-Type"], headers["X-Content-Type-Options"], content) == ("image/png", "nosniff", PNG)
    assert sg.download_attachment({"url": address}) == PNG
    assert sg.find_one("Attachment", [["id", "is", attachment]], ["display_name"])["display_name"].startswith("보기")
    assert sg.find_one("Version", [["id", "is", version["id"]], ["image", "is_not", None]]) is not None
    events = sg.find("EventLogEntry", [["entity", "is", version], ["attribute_name", "is", "image"]], ["event_type"])
    assert [event["event_type"] for event in events] == ["Shotgun_Version_Change"]

    linked = sg.create("PublishedFile", {"project": version["project"], "code": "f", "version": version})
    assert image_of(sg, linked, "version.Version.image") == address
    assert sg.update("Version", version["id"], {"image": None})["image"] is None
    assert image_of(sg, version) is None and image_of(sg, linked, "version.Version.image") is None
    with pytest.raises(shotgun_api3.Fault, match="takes a picture by uploading it"):
        sg._call_rpc("update", {"type": "Version", "id": version["id"], "fields": [{"field_name": "image", "value": "x"}]})


def test_create_and_upload_take_pictures_too(upload_form, desk, sg, picture, tmp_path):
    made = sg.create("Version", {"project": desk.project, "code": "v002", "image": picture, "filmstrip_image": picture})
    assert get(image_of(sg, made))[1] == PNG
    strip = tmp_path / "strip.jpg"
    strip.write_bytes(GIF)
    sg.upload("Version", made["id"], str(strip), "filmstrip_image")
    headers, content = get(image_of(sg, made, "filmstrip_image"))
    assert (headers["Content-Type"], content) == ("image/gif", GIF), "what its bytes say, not its name"
    sg.upload_filmstrip_thumbnail("Version", made["id"], picture)
    assert get(image_of(sg, made, "filmstrip_image"))[1] == PNG
    assert get(image_of(sg, made))[1] == PNG


@pytest.mark.parametrize(
    "name, content",
    [
        ("drawn.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("page.png", b"<html><script>alert(1)</script></html>"),
        ("word.bmp", b"BMW, an incident"),
    ],
)
def test_what_is_no_picture_is_refused(upload_form, sg, version, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(shotgun_api3.ShotgunError, match="PNG, JPEG, GIF, WebP or BMP"):
        sg.upload_thumbnail("Version", version["id"], str(path))
    assert image_of(sg, version) is None


def test_a_row_without_a_picture_field_takes_none(upload_form, sg, make_ticket, picture, tmp_path):
    ticket = make_ticket("no picture")
    with pytest.raises(shotgun_api3.ShotgunError, match="Ticket.image doesn't exist"):
        sg.upload_thumbnail("Ticket", ticket["id"], picture)
    log = tmp_path / "tk-maya.log"
    log.write_text("<html>")
    attachment = sg.upload("Ticket", ticket["id"], str(log), "attachments")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        get("%s/file_serve/thumbnail/%d" % (sg.base_url.rstrip("/"), attachment))


def test_a_picture_is_shared(desk, sg, version, picture):
    shot = sg.create("Shot", {"project": desk.project, "code": "010"})
    asset = sg.create("Asset", {"project": desk.project, "code": "bunny"})
    with pytest.raises(shotgun_api3.ShotgunError, match="has no thumbnail to share"):
        sg.share_thumbnail([shot], source_entity=version)
    attachment = sg.share_thumbnail([version, shot], thumbnail_path=picture)
    assert image_of(sg, version) == image_of(sg, shot)
    assert sg.share_thumbnail([asset], source_entity=version) == attachment
    assert get(image_of(sg, asset))[1] == PNG
