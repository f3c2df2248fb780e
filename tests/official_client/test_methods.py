"""Every public method of the client is exercised somewhere here, or known to be refused with its reason."""

import inspect
import pathlib

import pytest
import shotgun_api3

# What the desk does not have: how each is called, and what it says.
UNSUPPORTED = {
    "nav_expand": (("/",), r"API nav_expand\(\) is not supported by this site: it keeps no navigation trees"),
    "nav_search_string": (("/", "bunny"), r"API nav_search\(\) is not supported by this site"),
    "nav_search_entity": (("/", {"type": "Ticket", "id": 1}), r"API nav_search\(\) is not supported by this site"),
    "user_subscriptions_read": ((), r"API user_subscriptions_read\(\) is not supported by this site"),
    "user_subscriptions_create": (([{"login": "alice"}],), r"API user_subscriptions_create\(\) is not supported"),
    "export_page": ((7, "csv"), r"Export for Page id=7 not available"),
}
# Raise by themselves, since version 3.0.0 of the client.
DEPRECATED = {"schema": ("Ticket",), "entity_types": ()}


def public_methods() -> set:
    members = inspect.getmembers(shotgun_api3.Shotgun)
    return {name for name, member in members if not name.startswith("_") and (callable(member) or isinstance(member, property))}


def test_every_public_method_is_exercised_or_refused():
    tests = "".join(path.read_text() for path in pathlib.Path(__file__).parent.glob("test_*.py"))
    exercised = {name for name in public_methods() if f".{name}(" in tests or f".{name}." in tests or f".{name}[" in tests}
    forgotten = public_methods() - exercised - set(UNSUPPORTED) - set(DEPRECATED)
    assert not forgotten, "neither exercised nor listed as unsupported: %s" % sorted(forgotten)
    assert not (set(UNSUPPORTED) | set(DEPRECATED)) - public_methods(), "listed, and not a method of this client"


@pytest.mark.parametrize("method", UNSUPPORTED)
def test_what_is_not_supported_says_so(sg, method):
    arguments, text = UNSUPPORTED[method]
    with pytest.raises(shotgun_api3.Fault, match=text):
        getattr(sg, method)(*arguments)


@pytest.mark.parametrize("method", DEPRECATED)
def test_what_the_client_itself_refuses(sg, method):
    with pytest.raises(shotgun_api3.ShotgunError, match="Deprecated"):
        getattr(sg, method)(*DEPRECATED[method])


def test_an_exported_page_needs_to_be_named(sg):
    with pytest.raises(shotgun_api3.Fault, match="'page_id' missing"):
        sg.export_page(None, "csv")
    with pytest.raises(shotgun_api3.Fault, match="'format' missing"):
        sg.export_page(7, None)


def test_a_method_that_never_was_is_a_fault(sg):
    with pytest.raises(shotgun_api3.Fault, match="API method 'brew_coffee' is not known to this site"):
        sg._call_rpc("brew_coffee", {})


def test_the_client_names_itself_and_its_session(desk, sg):
    sg.add_user_agent("tk-test (v1)")
    assert sg.find_one("Project", [], ["name"])
    sg.reset_user_agent()
    sg.set_session_uuid("5ad4b7ba-5c54-4c02-aa49-9a0e3b1d1f6e")
    ticket = sg.create("Ticket", {"project": desk.project, "title": "of a session"})
    events = sg.find("EventLogEntry", [["entity", "is", ticket]], ["session_uuid"])
    assert {event["session_uuid"] for event in events} == {"5ad4b7ba-5c54-4c02-aa49-9a0e3b1d1f6e"}
    sg.close()
    sg.connect()
    assert sg.server_caps.version >= (8, 0, 0)
    assert sg.server_info["version"] == list(sg.server_caps.version)


def test_the_cookie_of_a_download_is_a_session(sg):
    cookie = next(iter(sg.get_auth_cookie_handler().cookiejar))
    assert cookie.name == "_session_id"
    assert sg.get_attachment_download_url(7) == "%s/file_serve/attachment/7" % sg.base_url.rstrip("/")
