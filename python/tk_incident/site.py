"""Address, login and session token of the site, taken from what Toolkit holds in memory.

No site call: a script user's session would have to be asked for, and its key is never handed
over, so a script user's token stays None and the agent uses credentials of its own.
"""

import json


def site_facts(user, serialize, toolkit_url, ticket_url):
    # type: (object, object, object, str) -> dict
    """Return the `site` part of an attach message.

    :param user: `sgtk.get_authenticated_user()`, or None in a configuration without one.
    :param serialize: `sgtk.authentication.serialize_user`.
    :param toolkit_url: called without arguments for the site's address if there is no user.
    :param ticket_url: the setting `site_url`; empty for Toolkit's own site.

    The token opens Toolkit's site, so it goes with no other address.
    """
    toolkit = own_url(user, toolkit_url)
    elsewhere = bool(ticket_url) and _same_form(ticket_url) != _same_form(toolkit)
    return {
        "url": ticket_url if elsewhere else toolkit,
        "login": None if user is None else user.login,
        "session_token": None if elsewhere else _token(user, serialize),
        "http_proxy": None if user is None else (user.http_proxy or None),
    }


def own_url(user, toolkit_url):
    # type: (object, object) -> str
    """Return the address of Toolkit's own site, which the ids of a context belong to."""
    return user.host if user is not None else toolkit_url()


def _token(user, serialize):
    """The current token of a person. `serialize_user` is public and reads memory only;
    `get_session_token` of a connection would ask the site for a script user."""
    if user is None or user.login is None:
        return None
    data = json.loads(serialize(user, use_json=True)).get("data", {})
    return data.get("session_token")


def _same_form(url):
    return (url or "").strip().rstrip("/").lower()
