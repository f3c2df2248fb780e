"""Connecting: what `info` promises, who is let in, what a session is."""

import pytest
import shotgun_api3


def test_info_names_a_version_the_client_accepts(desk):
    sg = desk.connect()
    assert tuple(sg.info()["version"]) >= (8, 0, 0)
    assert sg.info()["api_max_entities_per_page"] == 500


def test_the_script_key_lets_in_and_a_wrong_one_does_not(desk):
    sg = desk.connect()
    assert sg.find_one("ApiUser", [["firstname", "is", "tk-incident"]], ["firstname"])["firstname"] == "tk-incident"

    wrong = desk.connect(script_name="tk-incident", api_key="guess")
    with pytest.raises(shotgun_api3.AuthenticationFault, match="Can't authenticate script 'tk-incident'"):
        wrong.find_one("Project", [])


def test_a_session_token_stands_for_its_user(desk, sg):
    token = sg.get_session_token()
    session = desk.connect(session_token=token)
    ticket = session.create("Ticket", {"project": desk.project, "title": "by session"}, ["created_by"])
    assert ticket["created_by"]["type"] == "ApiUser"

    with pytest.raises(shotgun_api3.AuthenticationFault, match="session token ending with 'dead'"):
        desk.connect(session_token="not-a-token-dead").find_one("Project", [])


def test_a_person_signs_in_with_a_password(desk, sg):
    person = sg.create(
        "HumanUser", {"login": "alice", "firstname": "Alice", "lastname": "Kim", "password_proxy": "pa55 wörd"}
    )
    row = sg.find_one("HumanUser", [["id", "is", person["id"]]], ["name", "password_proxy", "sg_status_list"])
    assert (row["name"], row["password_proxy"], row["sg_status_list"]) == ("Alice Kim", "*******", "act")

    alice = desk.connect(login="alice", password="pa55 wörd")
    ticket = alice.create("Ticket", {"project": desk.project, "title": "by alice"}, ["created_by"])
    assert ticket["created_by"] == {"type": "HumanUser", "id": person["id"], "name": "Alice Kim"}
    assert sg.authenticate_human_user("ALICE", "pa55 wörd")["id"] == person["id"]
    with pytest.raises(shotgun_api3.AuthenticationFault):
        sg.authenticate_human_user("alice", "other")

    with pytest.raises(shotgun_api3.AuthenticationFault, match="Can't authenticate user 'alice'"):
        desk.connect(login="alice", password="wrong").find_one("Project", [])

    sg.update("HumanUser", person["id"], {"sg_status_list": "dis"})
    with pytest.raises(shotgun_api3.AuthenticationFault):
        alice.find_one("Project", [])


def test_a_script_may_act_as_a_person(desk, sg):
    person = sg.create("HumanUser", {"login": "sudo-me", "name": "Sudo Me"})
    acting = desk.connect(
        script_name=desk.ready["script_name"], api_key=desk.ready["script_key"], sudo_as_login="sudo-me"
    )
    ticket = acting.create("Ticket", {"project": desk.project, "title": "sudo"}, ["created_by"])
    assert ticket["created_by"]["id"] == person["id"]

    unknown = desk.connect(
        script_name=desk.ready["script_name"], api_key=desk.ready["script_key"], sudo_as_login="nobody"
    )
    with pytest.raises(shotgun_api3.AuthenticationFault, match="unknown or retired user: 'nobody'"):
        unknown.find_one("Project", [])


def test_the_seeded_project_and_preferences(desk, sg):
    project = sg.find_one("Project", [["tank_name", "is", "incidents"], ["archived", "is", False]], ["name"])
    assert project == {"type": "Project", "id": desk.project["id"], "name": "Incidents"}
    assert sg.preferences_read(["hours_per_day"]) == {"hours_per_day": 8.0}
    assert "format_date_fields" in sg.preferences_read()
