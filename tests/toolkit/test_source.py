"""The app's own files: what every host's Python can load, and what Toolkit expects to find."""

import ast
import os
import struct
import subprocess
import sys

import pytest
import yaml

from hosts import REPOSITORY


def python_files():
    yield os.path.join(REPOSITORY, "app.py")
    for top in ("python", "hooks"):
        for folder, _, names in os.walk(os.path.join(REPOSITORY, top)):
            for name in names:
                if name.endswith(".py"):
                    yield os.path.join(folder, name)


def source(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize(
    "path", list(python_files()), ids=lambda p: os.path.relpath(p, REPOSITORY)
)
def test_python_3_7_can_read_it(path):
    ast.parse(source(path), filename=path, feature_version=(3, 7))


def test_python_3_7_has_what_it_uses():
    """Modules, functions and arguments that came later. `threading.excepthook` is asked for by name, and 3.7 goes without."""
    done = subprocess.run(
        [sys.executable, "-c", "import vermin; vermin.main()", "--target=3.7-", "--no-tips", "-vv"]
        + ["--eval-annotations", "--exclude", "threading.excepthook"]
        + list(python_files()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")


def test_python_2_7_can_load_the_app_and_be_told_that_it_is_too_old():
    done = subprocess.run(
        [sys.executable, "-c", "import vermin; vermin.main()", "--target=2.7-", "--no-tips", "-vv"]
        + [os.path.join(REPOSITORY, "app.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")


def test_it_compiles_without_a_warning(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "compileall", "-q", "-f"]
        + list(python_files()),
        env=dict(os.environ, PYTHONPYCACHEPREFIX=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")


# Of the standard library until 3.11 or 3.12, and of no later one.
REMOVED = """aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib nis nntplib
    ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib""".split()


def test_the_payload_needs_the_standard_library_only_and_what_3_13_has_of_it():
    names = getattr(sys, "stdlib_module_names", None)
    assert names, "this check needs Python 3.10 or later"
    allowed = names - set(REMOVED)
    for path in python_files():
        for node in ast.walk(ast.parse(source(path))):
            if isinstance(node, ast.Import):
                names = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module.split(".")[0]]
            else:
                continue
            for name in names:
                # Toolkit's own; the payload gets it handed in.
                toolkit = name == "sgtk" and (
                    os.path.basename(path) == "app.py"
                    or os.path.basename(os.path.dirname(path)) == "hooks"
                )
                assert toolkit or name in allowed, "%s imports %s" % (path, name)


def test_every_setting_has_a_type_a_default_of_it_and_a_description():
    manifest = yaml.safe_load(source(os.path.join(REPOSITORY, "info.yml")))
    types = {"str": str, "bool": bool, "hook": str, "int": int, "list": list, "dict": dict}
    for name, schema in manifest["configuration"].items():
        assert type(schema["default_value"]) is types[schema["type"]], name
        assert schema["description"].strip(), name
    assert manifest["requires_core_version"] == "v0.19.18"
    assert manifest["supported_engines"] == [] and manifest["frameworks"] == []


def test_the_icon_has_the_size_toolkit_shows():
    with open(os.path.join(REPOSITORY, "icon_256.png"), "rb") as icon:
        head = icon.read(24)
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (256, 256)
