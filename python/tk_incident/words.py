"""What the artist gets to read: the agent's answers, in words.

Texts are rich text for a window, with everything that came from elsewhere escaped; `plain` is for a log.
"""

import html
import re


def plain(text):
    # type: (str) -> str
    """The same text without marks, on one line. A link is its address."""
    text = re.sub('<a href="([^"]*)">[^<]*</a>', r"\1", text)
    text = re.sub("<[^>]*>", " ", text)
    return " ".join(html.unescape(text).split())


def reported(answer):
    # type: (dict) -> str
    """What became of a report."""
    if answer.get("ticket_id"):
        return "<p>Thank you. This is %s.</p>" % _ticket(
            answer["ticket_id"], answer.get("url"), None
        )
    text = "<p>Thank you. Your report is kept, and filed as soon as that is possible.</p>"
    if answer.get("why"):
        text += "<p>%s</p>" % _sentence(answer["why"])
    return text


def not_reported(reason):
    # type: (object) -> str
    """Why a report was not taken."""
    return "<p>Your report could not be handed over. %s</p>" % _sentence(str(reason))


def standing(status):
    # type: (dict) -> str
    """How the agent stands."""
    logs = sum(1 for source in status.get("sources", []) if not source.get("rotated"))
    site = status.get("site") or {}
    lines = ["The incident agent runs and follows %s." % _counted(logs, "log")]
    if site.get("trouble"):
        lines.append("It cannot file anything now: %s" % _sentence(site["trouble"]))
    waiting = status.get("waiting_count") or 0
    if waiting:
        lines.append("%s to be sent." % _counted(waiting, "thing waits", "things wait"))
    ticket = status.get("newest_ticket")
    if ticket:
        lines.append(
            "The newest ticket is %s."
            % _ticket(ticket["id"], ticket.get("url"), ticket.get("title"))
        )
    else:
        lines.append("There is no ticket yet.")
    return "".join("<p>%s</p>" % line for line in lines)


def not_standing(reason):
    # type: (object) -> str
    """Why nothing is known of the agent."""
    return "<p>The incident agent does not answer. %s</p>" % _sentence(str(reason))


def _ticket(number, url, title):
    name = "ticket %d" % number
    if url and url.startswith(("http://", "https://")):
        name = '<a href="%s">%s</a>' % (html.escape(url), name)
    return name if not title else "%s, “%s”" % (name, html.escape(title))


def _counted(count, one, many=None):
    return "%d %s" % (count, one if count == 1 else many or one + "s")


def _sentence(text):
    """An error of ours, which begins small and ends without a full stop, as a sentence."""
    text = html.escape(" ".join(text.split()))
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
