"""A Toolkit core as a studio has it on disk, put together from the `sgtk` wheel and our hooks.

The wheel holds the Python packages only; a bootstrap also needs a manifest, the default hooks, the
marker of a localized core and the folder of its root programs.
"""

import importlib.metadata
import os
import shutil

STUDIO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "studio")


def assemble(folder):
    """Make the core in `folder`, which must not exist yet."""
    wheel = importlib.metadata.distribution("sgtk")
    for package in ("tank", "sgtk", "tank_vendor"):
        shutil.copytree(
            wheel.locate_file(package), os.path.join(folder, "python", package)
        )
    shutil.copytree(os.path.join(STUDIO, "core_hooks"), os.path.join(folder, "hooks"))
    os.makedirs(os.path.join(folder, "setup", "root_binaries"))
    # Engines with a user interface look for fonts, which the wheel leaves out.
    fonts = os.path.join(folder, "python", "tank", "platform", "qt", "fonts")
    os.makedirs(fonts, exist_ok=True)
    open(os.path.join(folder, "_core_upgrader.py"), "w").close()
    with open(os.path.join(folder, "info.yml"), "w") as manifest:
        manifest.write(
            "display_name: Toolkit core\n"
            'version: "v%s"\n'
            "features: {bootstrap.lean_config.version: 1}\n" % wheel.version
        )
