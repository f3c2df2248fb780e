"""Orders for what a production does with Toolkit besides running apps: folders on disk, contexts."""


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


ORDERS = {
    order.__name__: order
    for order in (where, resolve, resolve_path, make_folders, learn_folders, forget_folders)
}
