"""Orders for what a production does with Toolkit besides running apps: folders on disk, contexts, publishes."""

import os
import time


def _engine():
    import sgtk  # the bootstrap has swapped the core

    return sgtk.platform.current_engine()


def _told(context):
    """A context as plain values."""
    told = {
        name: link and {"type": link["type"], "id": link["id"], "name": link.get("name")}
        for name, link in (
            ("project", context.project),
            ("entity", context.entity),
            ("step", context.step),
            ("task", context.task),
            ("user", context.user),
        )
    }
    told["text"] = str(context)
    told["locations"] = context.filesystem_locations
    return told


def where(order):
    """The engine's context, and the pipeline configuration it runs from."""
    engine = _engine()
    configuration = engine.sgtk.pipeline_configuration
    return {
        "context": _told(engine.context),
        "configuration": {
            "id": configuration.get_shotgun_id(),
            "name": configuration.get_name(),
        },
        "environment": engine.environment["name"],
    }


def resolve(order):
    """The context of an entity, by the instance that Toolkit finds for the entity."""
    import sgtk

    kind, number = order["entity"]["type"], order["entity"]["id"]
    instance = sgtk.sgtk_from_entity(kind, number)
    return {"context": _told(instance.context_from_entity(kind, number))}


def resolve_path(order):
    """The context of a folder on disk."""
    import sgtk

    instance = sgtk.sgtk_from_path(order["path"])
    return {"context": _told(instance.context_from_path(order["path"]))}


def make_folders(order):
    """Folders of an entity; they are registered at the site."""
    instance = _engine().sgtk
    kind, number = order["entity"]["type"], order["entity"]["id"]
    instance.create_filesystem_structure(kind, number)


def learn_folders(order):
    """What other machines have registered since; then where an entity's folders are."""
    instance = _engine().sgtk
    learned = instance.synchronize_filesystem_structure(order.get("full", False))
    entity = order["entity"]
    return {
        "learned": learned,
        "paths": instance.paths_from_entity(entity["type"], entity["id"]),
    }


def forget_folders(order):
    """Unregister the folders of an entity, as `tank unregister_folders` does."""
    command = _engine().sgtk.get_command("unregister_folders")
    return {"gone": [item["path"] for item in command.execute({"path": order["path"]})]}


def register(order):
    """Publish a file, twice: the second depends on the first."""
    import sgtk

    engine = _engine()
    context = engine.sgtk.context_from_entity("Task", order["task"])
    os.makedirs(os.path.dirname(order["path"]), exist_ok=True)
    with open(order["path"], "w", encoding="utf-8") as scene:
        scene.write("// a scene\n")
    first = sgtk.util.register_publish(
        engine.sgtk,
        context,
        order["path"],
        "scene",
        1,
        published_file_type="Maya Scene",
        comment="첫 번째",
        thumbnail_path=order.get("thumbnail"),
    )
    # Toolkit finds the later one by the time of its making, which has whole seconds.
    made = int(time.time())
    while int(time.time()) == made:
        time.sleep(0.05)
    second = sgtk.util.register_publish(
        engine.sgtk,
        context,
        order["path"],
        "scene",
        2,
        published_file_type="Maya Scene",
        dependency_ids=[first["id"]],
    )
    found = sgtk.util.find_publish(engine.sgtk, [order["path"]], fields=["version_number", "task"])
    return {
        "ids": [first["id"], second["id"]],
        "found": {path: row["version_number"] for path, row in found.items()},
        "resolved": sgtk.util.resolve_publish_path(
            engine.sgtk,
            engine.shotgun.find_one(
                "PublishedFile", [["id", "is", second["id"]]], ["path", "code"]
            ),
        ),
    }


ORDERS = {
    order.__name__: order
    for order in (where, resolve, resolve_path, make_folders, learn_folders, forget_folders, register)
}
