"""The folder that programs may write to: empty before every program, limited in size, removed at the end."""

import contextlib
import fcntl
import os
import stat

import jail  # pyright: ignore[reportMissingImports]

PREFIX = "verigrad-judge-"
VANISHED = 100  # entries that a folder counts for which is renamed while it is looked at
ROOTS = ("/tmp", "/var/tmp", "/dev/shm", "/mnt")  # noqa: S108 - mount points of a file system of our own


def free_root(needed: list[str]) -> str:
    """Return a folder over which an empty file system may be mounted: nothing that a program reads lies below it."""
    for root in ROOTS:
        if os.path.isdir(root) and not any(os.path.realpath(path).startswith(root + "/") for path in needed):
            return root
    return ROOTS[-1]


class Scratch:
    """One folder.

    Attributes:
        path: where it is.
        bounded: whether it is a file system that holds the limits itself.
        ours: whether the folder is to be removed in the end.
    """

    def __init__(self, path: str, *, bounded: bool = False, ours: bool = False) -> None:
        self.path, self.bounded, self.ours = path, bounded, ours
        self.handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    @staticmethod
    def make(parent: str) -> "Scratch":
        """Return a new folder below ``parent``; those that killed interpreters left behind are removed."""
        for name in os.listdir(parent):
            if name.startswith(PREFIX):
                remove_if_abandoned(os.path.join(parent, name))
        path = os.path.join(parent, PREFIX + os.urandom(8).hex())
        os.mkdir(path, 0o700)
        room = Scratch(path, ours=True)
        fcntl.flock(room.handle, fcntl.LOCK_EX)
        return room

    def is_full(self) -> bool:
        """Whether programs have written more than they may, deeper than can be seen, or out of sight."""
        todo, size, count = [self.path], 0, 0
        while todo and not self.bounded:
            try:
                entries = list(os.scandir(todo.pop()))
            except FileNotFoundError:
                entries, count = [], count + VANISHED
            except OSError:
                return True
            for entry in entries:
                count += 1
                try:
                    size += entry.stat(follow_symlinks=False).st_blocks << 9
                except FileNotFoundError:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
            if count > jail.SCRATCH_FILES or size > jail.SCRATCH_MB << 20:
                return True
        return False

    def empty(self) -> None:
        """Remove everything in the folder, however deep and whatever its permissions."""
        while names := os.listdir(self.handle):
            for name in names:
                remove_entry(self.handle, name)

    def remove(self) -> None:
        """Remove the folder itself."""
        with contextlib.suppress(OSError):
            self.empty()
            if self.ours:
                os.rmdir(self.path)
            os.close(self.handle)


def remove_entry(folder: int, name: str) -> None:
    """Remove a file, or move what a folder holds up beside it and remove the folder: no path grows too long."""
    if not stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
        os.unlink(name, dir_fd=folder)
        return
    os.chmod(name, 0o700, dir_fd=folder)
    inside = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    for inner in os.listdir(inside):
        if stat.S_ISDIR(os.lstat(inner, dir_fd=inside).st_mode):
            os.chmod(inner, 0o700, dir_fd=inside)
            os.rename(inner, os.urandom(16).hex(), src_dir_fd=inside, dst_dir_fd=folder)
        else:
            os.unlink(inner, dir_fd=inside)
    os.close(inside)
    os.rmdir(name, dir_fd=folder)


def remove_if_abandoned(path: str) -> None:
    """Remove a folder whose interpreter is gone: its lock is free."""
    try:
        room = Scratch(path, ours=True)
    except OSError:
        return
    try:
        fcntl.flock(room.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(room.handle)
    else:
        room.remove()
