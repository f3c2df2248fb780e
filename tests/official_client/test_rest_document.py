"""The OpenAPI document of the desk, against a desk: schemathesis asks what a person would not.

Its answers are never a failure of the desk's own (5xx), and are what the document says. `REST_EXAMPLES` is the number of examples
for each operation; the gate takes few, a longer run by hand takes some hundreds.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.parse
import urllib.request

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
TIMEOUT_S = 3600


def post(url: str, body: bytes, headers: dict) -> dict:
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
        return json.load(response)


def token(desk, name: str, key: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": name, "client_secret": key}
    return post(f"{desk.url}/api/v1.1/auth/access_token", urllib.parse.urlencode(form).encode(), {})["access_token"]


def test_no_call_makes_the_desk_fail_and_answers_are_as_documented(start_desk, tmp_path):
    desk = start_desk(tmp_path / "desk")
    api = f"{desk.url}/api/v1.1"
    own = token(desk, desk.ready["script_name"], desk.ready["script_key"])
    headers = {"Authorization": f"Bearer {own}", "Content-Type": "application/json"}
    # The caller is a script far from the low numbers that are tried: one that deletes itself finds nothing more.
    scripts = [
        {"request_type": "create", "entity": "ApiUser", "data": {"firstname": f"script{n}"}} for n in range(300)
    ]
    scripts[-1]["data"]["salted_password"] = "the caller's key"
    tickets = [
        {"request_type": "create", "entity": "Ticket", "data": {"title": f"ticket {n}", "project": desk.project}}
        for n in range(5)
    ]
    post(f"{api}/entity/_batch", json.dumps({"requests": scripts + tickets}).encode(), headers)
    bearer = token(desk, "script299", "the caller's key")
    tool = pathlib.Path(sys.executable).with_name("schemathesis")
    run = subprocess.run(
        [
            tool,
            "run",
            f"{api}/spec.json",
            *("--header", f"Authorization: Bearer {bearer}"),
            *("--checks", CHECKS),
            *("--phases", "coverage,fuzzing"),
            *("--max-examples", os.environ.get("REST_EXAMPLES", "5")),
            *("--seed", os.environ.get("REST_SEED", "1")),
            *("--warnings", "off"),
            "--no-color",
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:]
    assert desk.process.poll() is None
