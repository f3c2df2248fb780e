"""find: relations by type, groups, dotted paths, sorting, both ways of paging, summarize."""

import datetime

import pytest
import shotgun_api3


@pytest.fixture(scope="module")
def rows(desk):
    """Five tickets of a project of their own; gives client, project and a function from filters to titles."""
    sg = desk.connect()
    project = sg.create("Project", {"name": "Filters", "tank_name": "filters"})
    tag = sg.create("Tag", {"name": "Urgent"})
    utc = datetime.timezone.utc
    made = {}
    for title, fields in {
        "Alpha": {"sg_status_list": "opn", "sg_incident_count": 1, "sg_due_date": "2026-01-01"},
        "beta": {"sg_status_list": "opn", "sg_incident_count": 5, "tags": [tag]},
        "GAMMA": {"sg_status_list": "res", "sg_incident_count": 10, "description": "has Text"},
        "ÄRGER": {"sg_status_list": "ip", "sg_incident_last_seen": datetime.datetime(2020, 1, 1, tzinfo=utc)},
        "여기": {"sg_priority": "2", "sg_incident_last_seen": datetime.datetime.now(utc)},
    }.items():
        made[title] = sg.create("Ticket", {"project": project, "title": title, **fields})
    sg.create("Reply", {"entity": made["beta"], "content": "reply to beta"})
    sg.create("Reply", {"entity": made["GAMMA"], "content": "reply to gamma"})

    def titles(*filters, **arguments):
        found = sg.find("Ticket", [["project", "is", project], *filters], ["title"], **arguments)
        return {row["title"] for row in found}

    return sg, project, made, tag, titles


EVERY = {"Alpha", "beta", "GAMMA", "ÄRGER", "여기"}


@pytest.mark.parametrize(
    "condition, expected",
    [
        (["title", "is", "alpha"], {"Alpha"}),
        (["title", "is", "ärger"], {"ÄRGER"}),
        (["title", "is_not", "alpha"], EVERY - {"Alpha"}),
        (["title", "contains", "A"], {"Alpha", "beta", "GAMMA"}),
        (["title", "contains", "ä"], {"ÄRGER"}),
        (["title", "not_contains", "a"], {"ÄRGER", "여기"}),
        (["title", "starts_with", "ga"], {"GAMMA"}),
        (["title", "ends_with", "TA"], {"beta"}),
        (["title", "in", "ALPHA", "Beta"], {"Alpha", "beta"}),
        (["title", "not_in", ["ALPHA", "Beta"]], EVERY - {"Alpha", "beta"}),
        (["description", "is", None], EVERY - {"GAMMA"}),
        (["description", "is_not", None], {"GAMMA"}),
        (["description", "not_contains", "text"], EVERY - {"GAMMA"}),
        (["sg_status_list", "in", ["opn", "ip"]], {"Alpha", "beta", "ÄRGER"}),
        (["sg_status_list", "is_not", "opn"], {"GAMMA", "ÄRGER", "여기"}),
        (["sg_priority", "is", "2"], {"여기"}),
        (["sg_incident_count", "is", 5], {"beta"}),
        (["sg_incident_count", "is_not", 5], EVERY - {"beta"}),
        (["sg_incident_count", "greater_than", 1], {"beta", "GAMMA"}),
        (["sg_incident_count", "less_than", 5], {"Alpha"}),
        (["sg_incident_count", "between", 1, 5], {"Alpha", "beta"}),
        (["sg_incident_count", "not_between", 1, 5], {"GAMMA", "ÄRGER", "여기"}),
        (["sg_incident_count", "in", [1, 10]], {"Alpha", "GAMMA"}),
        (["sg_incident_count", "not_in", [1, None]], {"beta", "GAMMA"}),
        (["sg_due_date", "is", "2026-01-01"], {"Alpha"}),
        (["sg_due_date", "less_than", "2026-01-02"], {"Alpha"}),
        (["sg_due_date", "in_last", 1000, "YEAR"], {"Alpha"}),
        (["sg_incident_last_seen", "in_last", 1, "HOUR"], {"여기"}),
        (["sg_incident_last_seen", "not_in_last", 1, "DAY"], EVERY - {"여기"}),
        (["sg_due_date", "in_next", 1, "DAY"], set()),
        (["created_at", "in_calendar_week", 100], set()),
        (["project", "is", {"type": "Ticket", "id": 1}], set()),
        (["created_by", "type_is", "ApiUser"], EVERY),
        (["created_by", "type_is_not", "ApiUser"], set()),
        (["created_by", "name_is", "TK-incident"], EVERY),
        (["created_by", "name_not_contains", "incident"], set()),
        (["project", "name_contains", "filt"], EVERY),
        (["project.Project.tank_name", "is", "filters"], EVERY),
        (["project.Project.archived", "is", True], set()),
        (["tags", "is", None], EVERY - {"beta"}),
        (["tags", "name_contains", "urg"], {"beta"}),
        (["tags", "name_not_contains", "urg"], EVERY - {"beta"}),
        (["tags", "type_is", "Tag"], {"beta"}),
        (["tags.Tag.name", "is", "urgent"], {"beta"}),
        (["replies", "is_not", None], {"beta", "GAMMA"}),
        (["replies.Reply.content", "contains", "beta"], {"beta"}),
        (["cached_display_name", "is", "alpha"], {"Alpha"}),
    ],
    ids=lambda value: "-".join(map(str, value[:2])) if isinstance(value, list) else "",
)
def test_relations(rows, condition, expected):
    *_, titles = rows
    assert titles(condition) == expected


def test_links_are_compared_by_type_and_id(rows):
    sg, project, made, tag, titles = rows
    assert titles(["tags", "is", tag]) == {"beta"}
    assert titles(["tags", "is_not", tag]) == EVERY - {"beta"}
    assert titles(["tags", "in", [tag]]) == {"beta"}
    assert titles(["project", "in", [project, {"type": "Project", "id": 1}]]) == EVERY
    reply = sg.find_one("Reply", [["entity", "is", made["beta"]]], ["content", "entity.Ticket.project"])
    assert reply["content"] == "reply to beta"
    assert reply["entity.Ticket.project"]["name"] == "Filters"
    found = sg.find("Reply", [["entity.Ticket.project.Project.name", "is", "filters"]], ["entity.Ticket.title"])
    assert {row["entity.Ticket.title"] for row in found} == {"beta", "GAMMA"}


def test_groups(rows):
    *_, titles = rows
    either = {
        "filter_operator": "any",
        "filters": [
            ["title", "is", "alpha"],
            {"filter_operator": "all", "filters": [["sg_status_list", "is", "res"], ["sg_incident_count", "is", 10]]},
        ],
    }
    assert titles(either) == {"Alpha", "GAMMA"}
    many = {"filter_operator": "any", "filters": [["sg_incident_count", "is", number] for number in range(3000)]}
    assert titles(many) == {"Alpha", "beta", "GAMMA"}


def test_order_and_limits(rows):
    sg, project, *_ = rows
    here = [["project", "is", project]]
    by_count = [{"field_name": "sg_incident_count", "direction": "desc"}, {"field_name": "title", "direction": "asc"}]
    found = [row["title"] for row in sg.find("Ticket", here, ["title"], order=by_count)]
    # As in PostgreSQL, which real sites run on: empty values are the largest.
    assert found == ["ÄRGER", "여기", "GAMMA", "beta", "Alpha"]
    assert [row["title"] for row in sg.find("Ticket", here, ["title"], order=by_count, limit=2, page=2)] == ["GAMMA", "beta"]
    by_count[0]["direction"] = "asc"
    assert sg.find_one("Ticket", here, ["title"], order=by_count)["title"] == "Alpha"


def test_both_ways_of_paging_give_every_row_once(desk, rows, monkeypatch):
    _, project, *_ = rows
    for version in [(8, 80, 0), (7, 3, 0)]:
        sg = desk.connect()
        monkeypatch.setitem(sg.server_info, "api_max_entities_per_page", 2)
        # Below 7.4.0 the client pages by counts.
        monkeypatch.setattr(sg.server_caps, "version", version)
        found = [row["title"] for row in sg.find("Ticket", [["project", "is", project]], ["title"])]
        assert sorted(found) == sorted(EVERY), version


@pytest.mark.parametrize(
    "condition, text",
    [
        (["nope", "is", 1], r"API read\(\) Ticket\.nope doesn't exist\."),
        (["project.Tusk.content", "is", "x"], r"Ticket\.project\.Tusk\.content doesn't exist"),
        (["title", "in_last", 1, "DAY"], r"'text' data type doesn't support 'in_last' 'relation'. Valid relations: .*starts_with"),
        (["title", "is", 5], r"expected \[String, NilClass\] data type\(s\) but got Integer: 5"),
        (["sg_incident_count", "is", "5"], r"expected \[Integer, NilClass\]"),
        (["sg_incident_count", "between", 1], "'between' 'relation' expects a 2-element array"),
        (["created_at", "in_last", 1, "FORTNIGHT"], "doesn't support the 'FORTNIGHT' time unit"),
        (["created_at", "in_last", 10**18, "YEAR"], "a positive whole number"),
        (["created_at", "not_in_calendar_day", 0], "doesn't support 'not_in_calendar_day'"),
        (["project", "is", {"type": "Tiket", "id": 1}], "invalid/missing entity hash string 'type'"),
        (["project", "in", [{"type": "Project"}]], "invalid/missing entity hash integer 'id'"),
        (["id", "in", []], "expects at least a 1-element array"),
        (["this_file", "is", None], "doesn't exist"),
        (["attachments.Attachment.this_file", "is", None], "'url' data type cannot be used in a filter"),
    ],
)
def test_wrong_filters_are_faults_never_empty_results(sg, condition, text):
    with pytest.raises(shotgun_api3.Fault, match=text):
        sg.find("Ticket", [condition])


def test_wrong_fields_types_and_presets_are_faults(sg):
    with pytest.raises(shotgun_api3.Fault, match="Ticket.nope doesn't exist"):
        sg.find("Ticket", [], ["nope"])
    with pytest.raises(shotgun_api3.Fault, match="Entity type 'Tiket' does not exist."):
        sg.find("Tiket", [])
    with pytest.raises(shotgun_api3.Fault, match="presets"):
        sg.find("Ticket", [], additional_filter_presets=[{"preset_name": "LATEST"}])


def test_summarize(rows):
    sg, project, *_ = rows
    here = [["project", "is", project]]
    result = sg.summarize(
        "Ticket",
        here,
        [{"field": "id", "type": "count"}, {"field": "sg_incident_count", "type": "sum"}],
        grouping=[
            {"field": "sg_status_list", "type": "exact", "direction": "asc"},
            {"field": "project", "type": "exact", "direction": "asc"},
        ],
    )
    assert result["summaries"] == {"id": 5, "sg_incident_count": 16}
    by_status = {group["group_value"]: group for group in result["groups"]}
    assert by_status["opn"]["group_name"] == "opn"
    assert by_status["opn"]["summaries"] == {"id": 2, "sg_incident_count": 6}
    (inner,) = by_status["opn"]["groups"]
    assert inner["group_value"]["name"] == inner["group_name"] == "Filters"
    assert sum(group["summaries"]["id"] for group in result["groups"]) == 5
    assert sg.summarize("Ticket", here, [{"field": "id", "type": "count"}])["groups"] == []
