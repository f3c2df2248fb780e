"""What a host has written into its own log: its records, and which of them are ours."""

import re

HEADER = re.compile(
    r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3} \[\d+ ([A-Z]+) (.+?)\] (.*)$", re.M
)
APP = "tk-incidentreporter"


def records(workplace, instance):
    """`(level, logger, message)` of each record, in order."""
    return HEADER.findall(workplace.log_text(instance))


def ours(workplace, instance):
    """Level and message of the records our app wrote."""
    return [
        (level, message)
        for level, logger, message in records(workplace, instance)
        if APP in logger.split(".")
    ]


def loud(workplace, instance):
    """Messages of the records that would be incidents, whoever wrote them."""
    return [
        message
        for level, _, message in records(workplace, instance)
        if level in ("ERROR", "CRITICAL")
    ]


def assert_nothing_of_ours_above_warning(workplace, instance):
    found = ours(workplace, instance)
    assert {level for level, _ in found} <= {"DEBUG", "INFO", "WARNING"}, found
