"""The desk as the one site of a production: configurations found there, contexts, folders, publishes."""

import os
import shutil

import pytest
import toolkit_core
from conftest import Workplace

# One pixel.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082"
)


class Production:
    """A project with a sequence, a shot, an asset and their tasks, a storage for files, and a configuration with folders
    and templates."""

    def __init__(self, place):
        self.place = place
        self.sg = sg = place.desk.admin
        self.project = project = place.desk.project
        sg.update("Project", project["id"], {"tank_name": "bunny"})
        self.root = place.folder / "projects"
        (self.root / "bunny").mkdir(parents=True)
        storage = sg.create("LocalStorage", {"code": "primary", "linux_path": str(self.root)})
        step = sg.create("Step", {"code": "Animation", "short_name": "anim", "entity_type": "Shot"})

        def scoped(kind, **fields):
            return sg.create(kind, dict(fields, project=project))

        self.sequence = scoped("Sequence", code="bunny")
        self.shot = scoped("Shot", code="bunny_010", sg_sequence=self.sequence)
        self.asset = scoped("Asset", code="토끼", sg_asset_type="Character")
        self.task = scoped("Task", content="lip sync", entity=self.shot, step=step)
        self.asset_task = scoped("Task", content="model", entity=self.asset)
        self.config = place.folder / "production"
        for part in ("config", "production"):
            shutil.copytree(
                os.path.join(toolkit_core.STUDIO, part), str(self.config), dirs_exist_ok=True
            )
        (self.config / "core" / "roots.yml").write_text(
            "primary: {default: true, linux_path: '%s', shotgun_storage_id: %d}\n"
            % (self.root, storage["id"])
        )
        self.shot_folder = self.root / "bunny" / "sequences" / "bunny" / "bunny_010"
        self.asset_folder = self.root / "bunny" / "assets" / "Character_토끼"

    def configure(self, **fields):
        """A pipeline configuration of the project, for the plugins of these hosts."""
        fields = dict(
            {"code": "Primary", "project": self.project, "plugin_ids": "live.*"}, **fields
        )
        return self.sg.create("PipelineConfiguration", fields)

    def configure_by_path(self, **fields):
        uri = "sgtk:descriptor:path?path=%s&name=production" % self.config
        return self.configure(descriptor=uri, **fields)

    def start(self, entity, place=None):
        """A host whose engine has started for `entity`, with what the site says about its configuration."""
        host = (place or self.place).host("tk-bare")
        order = dict(self.place.start_order("tk-bare"), entity=entity, look_up=True)
        host.do("start", **order)
        return host


@pytest.fixture
def production(workplace):
    return Production(workplace)


def names(context):
    """What the links of a context are called."""
    links = ("project", "entity", "step", "task", "user")
    return {link: context[link]["name"] for link in links if context[link]}


def test_a_configuration_is_found_at_the_site_and_every_entity_has_its_context(production):
    configuration = production.configure_by_path()
    host = production.start(production.task)
    where = host.do("where")
    assert where["configuration"] == {"id": configuration["id"], "name": "Primary"}
    assert where["environment"] == "shot_step"
    of_shot = {"project": "Incidents", "entity": "bunny_010", "user": "Artist"}
    of_task = dict(of_shot, step="Animation", task="lip sync")
    assert names(where["context"]) == of_task
    assert where["context"]["text"] == "lip sync, Shot bunny_010"

    def resolved(entity):
        return names(host.do("resolve", entity=entity)["context"])

    assert resolved(production.task) == of_task
    assert resolved(production.shot) == of_shot
    assert resolved(production.sequence) == dict(of_shot, entity="bunny")
    assert resolved(production.asset) == dict(of_shot, entity="토끼")
    assert resolved(production.asset_task) == dict(of_shot, entity="토끼", task="model")
    assert resolved(production.project)["project"] == "Incidents"


def test_a_site_configuration_serves_the_site_and_a_person_s_own_comes_first(production):
    of_site = production.configure_by_path(project=None)
    where = production.start(None).do("where")
    assert where["configuration"]["id"] == of_site["id"]
    assert where["environment"] == "site"
    assert names(where["context"]) == {"user": "Artist"}

    artist = production.sg.find_one(
        "HumanUser", [["login", "is", production.place.login]]
    )
    other = production.sg.create("HumanUser", {"login": "somebody else"})
    production.configure_by_path()
    production.configure_by_path(code="Theirs", users=[other])
    mine = production.configure_by_path(code="Mine", users=[artist])
    where = production.start(production.project).do("where")
    assert where["configuration"] == {"id": mine["id"], "name": "Mine"}


def test_a_configuration_travels_as_an_uploaded_archive(production):
    configuration = production.configure()
    archive = shutil.make_archive(
        str(production.place.folder / "config"), "zip", str(production.config)
    )
    production.sg.upload(
        "PipelineConfiguration", configuration["id"], archive, "uploaded_config"
    )
    shutil.rmtree(str(production.config))
    where = production.start(production.shot).do("where")
    assert where["configuration"]["id"] == configuration["id"]
    assert names(where["context"])["entity"] == "bunny_010"


def test_folders_are_registered_and_another_machine_learns_of_them(
    production, tmp_path, program, core_folder
):
    production.configure_by_path()
    host = production.start(production.project)
    host.do("make_folders", entity=production.task)
    folder = production.shot_folder / "anim"
    assert folder.is_dir()
    found = host.do("resolve_path", path=str(folder))["context"]
    assert (found["entity"]["name"], found["step"]["name"]) == ("bunny_010", "Animation")

    # Another machine, with caches of its own.
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Workplace(
        program, core_folder, tmp_path / "elsewhere", production.place.desk
    )
    try:
        away = production.start(production.project, elsewhere)
        learned = away.do("learn_folders", entity=production.shot)
        assert learned["paths"] == [str(production.shot_folder)]
        # From now on by events.
        host.do("make_folders", entity=production.asset_task)
        learned = away.do("learn_folders", entity=production.asset)
        assert learned["paths"] == [str(production.asset_folder)]
        gone = host.do("forget_folders", path=str(production.asset_folder))["gone"]
        assert gone == [str(production.asset_folder)]
        assert away.do("learn_folders", entity=production.asset)["paths"] == []
    finally:
        elsewhere.close()


def test_a_publish_is_registered_found_and_its_file_known(production):
    production.configure_by_path()
    host = production.start(production.project)
    host.do("make_folders", entity=production.task)
    path = str(production.shot_folder / "anim" / "scene.v001.ma")
    picture = production.place.folder / "picture.png"
    picture.write_bytes(PICTURE)
    done = host.do(
        "register", task=production.task["id"], path=path, thumbnail=str(picture)
    )
    assert done["found"] == {path: 2}
    assert done["resolved"] == path

    first, second = done["ids"]
    fields = ["path", "entity", "task", "published_file_type", "description", "image"]
    row = production.sg.find_one("PublishedFile", [["id", "is", first]], fields)
    assert row["path"]["local_path"] == row["path"]["local_path_linux"] == path
    assert row["path"]["local_storage"]["name"] == "primary"
    assert (row["entity"]["name"], row["task"]["name"]) == ("bunny_010", "lip sync")
    assert row["published_file_type"]["name"] == "Maya Scene"
    assert row["description"] == "첫 번째"
    assert row["image"].startswith(production.place.desk.url), row
    dependency = production.sg.find_one(
        "PublishedFileDependency",
        [["published_file", "is", {"type": "PublishedFile", "id": second}]],
        ["dependent_published_file"],
    )
    assert dependency["dependent_published_file"]["id"] == first
