"""A report by hand: what the artist says, with the log of the session, asked of the agent."""

import os
import time

# So long an open window waits for the number of the ticket; the report is kept long before.
TICKET_S = 30
_LOOK_S = 0.25


def file_report(ask, comment, facts):
    # type: (object, str, dict) -> dict
    """Hand a report to the agent and wait a while for its ticket. Waits: on threads of ours only.

    Returns the agent's answer: `title`, `ticket_id` and `url` once there is a ticket, `why` it is not there yet.
    Raises an `IncidentError` when the report is not kept.

    :param ask: `Session.ask`.
    :param facts: the `session` part of an attach message.
    """
    request = {
        "v": 1,
        "type": "report",
        "comment": comment,
        "logs": _logs(ask, facts),
        "pid": facts["pid"],
    }
    key = ask(request).get("key")
    until = time.monotonic() + TICKET_S
    while True:
        answer = ask({"v": 1, "type": "ticket", "key": key})
        is_settled = answer.get("ticket_id") or answer.get("why")
        if is_settled or time.monotonic() > until:
            return answer
        time.sleep(_LOOK_S)


def _logs(ask, facts):
    """The log of the session. A project process of Desktop has none of its own: its site process writes for it."""
    if facts.get("log_file"):
        return [facts["log_file"]]
    name = "%s.log" % facts["engine"]["instance"]
    sources = ask({"v": 1, "type": "status"}).get("sources", [])
    files = [source["file"] for source in sources if not source.get("rotated")]
    return [path for path in files if os.path.basename(path) == name][:1]
