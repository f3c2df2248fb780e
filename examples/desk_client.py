#!/usr/bin/env python3
"""A ticket on a desk, with the official Python client: filed with a file, found, answered, closed.

Starts a desk on an empty folder, so it can be run as it is:

    pip install shotgun_api3
    python examples/desk_client.py                 # finds tk-incident on PATH, or by TK_INCIDENT_BIN

Against an FPT site only the first part changes: its address, and a script user with its key.
"""

import json
import os
import subprocess
import tempfile

import shotgun_api3


def main() -> None:
    program = os.environ.get("TK_INCIDENT_BIN", "tk-incident")
    with tempfile.TemporaryDirectory() as folder:
        desk = subprocess.Popen(
            [program, "desk", "--json", "--data", os.path.join(folder, "desk")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            ready = json.loads(desk.stdout.readline())
            sg = shotgun_api3.Shotgun(
                ready["url"], script_name=ready["script_name"], api_key=ready["script_key"]
            )
            work(sg, {"type": "Project", "id": ready["project_id"]}, folder)
        finally:
            desk.terminate()
            desk.wait()
            desk.stdout.close()


def work(sg: shotgun_api3.Shotgun, project: dict, folder: str) -> None:
    """What a tool of a studio does with tickets."""
    # A field of our own, as an admin would add it on the site's pages.
    job = sg.schema_field_create("Ticket", "text", "Render Job")

    ticket = sg.create(
        "Ticket",
        {"project": project, "title": "Maya closes on save", "description": "Every time.", job: "job 7"},
        ["sg_status_list", "created_at"],
    )
    print("filed    %(id)d  %(title)s (%(sg_status_list)s)" % ticket)

    log = os.path.join(folder, "maya.log")
    with open(log, "w", encoding="utf-8") as file:
        file.write("저장할 수 없습니다\n")
    attachment = sg.upload("Ticket", ticket["id"], log, "attachments")
    print("attached %d  %r" % (attachment, sg.download_attachment(attachment).decode("utf-8")))

    sg.create("Reply", {"entity": ticket, "content": "We are looking into it."})

    found = sg.find(
        "Ticket",
        [
            ["project", "is", project],
            {"filter_operator": "any", "filters": [["title", "contains", "SAVE"], [job, "is", "job 7"]]},
            ["created_at", "in_last", [1, "DAY"]],
        ],
        ["title", "replies", "attachments", "project.Project.name"],
        order=[{"field_name": "created_at", "direction": "desc"}],
    )
    for row in found:
        names = ", ".join(link["name"] for link in row["replies"] + row["attachments"])
        print("found    %d  %s in %s: %s" % (row["id"], row["title"], row["project.Project.name"], names))

    sg.update("Ticket", ticket["id"], {"sg_status_list": "res"})
    counts = sg.summarize(
        "Ticket",
        [["project", "is", project]],
        [{"field": "id", "type": "count"}],
        grouping=[{"field": "sg_status_list", "type": "exact", "direction": "asc"}],
    )
    for group in counts["groups"]:
        print("counted  %d  %s" % (group["summaries"]["id"], group["group_name"]))


if __name__ == "__main__":
    main()
