"""Access as the official client meets it: TLS with an authority of one's own, people and scripts of lesser groups, files on the network."""

import os
import subprocess

import pytest
import shotgun_api3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine that nobody else vouches for, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "desk.pem", folder / "desk.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=desk"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def add(desk, what, name, *arguments, stdin=""):
    """`desk person add` or `desk script add` beside the running desk."""
    command = [os.environ["TK_INCIDENT_BIN"], "desk", what, "add", name, "--data", str(desk.data), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", check=True).stdout


def test_everything_goes_by_tls_on_the_network(start_desk, certificate, tmp_path, monkeypatch):
    files = ["--certificate", str(certificate[0]), "--key", str(certificate[1])]
    desk = start_desk(tmp_path / "data", "--listen", "0.0.0.0:0", "--name", "localhost", *files)
    assert desk.url.startswith("https://localhost:")

    monkeypatch.setenv("SHOTGUN_API_RETRY_INTERVAL", "0")
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        desk.connect().find_one("Project", [])

    monkeypatch.setenv("SHOTGUN_API_CACERTS", str(certificate[0]))
    sg = desk.connect()
    ticket = sg.create("Ticket", {"project": desk.project, "title": "by TLS"})
    log = tmp_path / "tk-maya.log"
    log.write_text("a log\n")
    attachment = sg.upload("Ticket", ticket["id"], str(log), "attachments")
    assert sg.download_attachment(attachment) == b"a log\n"
    hash = sg.find_one("Attachment", [["id", "is", attachment]], ["this_file"])["this_file"]
    assert hash["url"].startswith(desk.url)
    assert sg.download_attachment(hash) == b"a log\n"


def test_people_may_what_their_group_may(desk, sg):
    assert add(desk, "person", "guest", "--group", "client", stdin="open sesame\n") == "guest may sign in now\n"
    guest = desk.connect(login="guest", password="open sesame")
    assert guest.find("Ticket", []) == []
    with pytest.raises(shotgun_api3.Fault, match="^Entity of type Ticket cannot be created by this user.$"):
        guest.create("Ticket", {"project": desk.project, "title": "no"})

    group = sg.find_one("PermissionRuleSet", [["code", "is", "client"]], ["sg_desk_rules"])
    rules = {**group["sg_desk_rules"], "projects": "all", "update": ["Ticket"], "locked_fields": ["Ticket.title"]}
    sg.update("PermissionRuleSet", group["id"], {"sg_desk_rules": rules})
    ticket = sg.create("Ticket", {"project": desk.project, "title": "of the script"})
    assert guest.update("Ticket", ticket["id"], {"description": "seen"})["description"] == "seen"
    with pytest.raises(shotgun_api3.Fault, match=r"^The field is not editable for this user: \[Ticket.title\]"):
        guest.update("Ticket", ticket["id"], {"title": "mine"})


def test_a_lesser_script_files_tickets_and_is_nobody_else(desk):
    printed = dict(line.split(" = ") for line in add(desk, "script", "farm", "--group", "api_agent").splitlines())
    key = printed["script_key"].strip('"')
    farm = desk.connect(script_name="farm", api_key=key)
    farm.create("Ticket", {"project": desk.project, "title": "of the farm"})
    with pytest.raises(shotgun_api3.Fault, match="^Entity of type Shot cannot be created by this user.$"):
        farm.create("Shot", {"project": desk.project, "code": "sh010"})
    acting = desk.connect(script_name="farm", api_key=key, sudo_as_login="support")
    with pytest.raises(shotgun_api3.Fault, match="^The user does not have permission to 'sudo': "):
        acting.find_one("Project", [])
