"""What a program may read. Imported in the bare interpreter too, so of the standard library only."""

import os
import sys


def readable_paths() -> list[str]:
    """Return what a program may read: the standard library, shared libraries, time zones, the harmless devices.

    Installed packages are not among them, and so neither are tasks nor data that lie beside them.
    """
    library = os.path.dirname(os.__file__)
    listed = [os.path.join(library, name) for name in os.listdir(library) if not name.endswith("-packages")]
    listed += ["/usr/share/zoneinfo", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
    for folder in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", os.path.join(sys.base_prefix, "lib")):
        if os.path.isdir(folder):
            listed += [os.path.join(folder, n) for n in os.listdir(folder) if ".so" in n or "-linux-" in n]
    return [path for path in listed if os.path.exists(path)]
