# SPDX-License-Identifier: Apache-2.0
"""The project's own files, as git knows them."""
import functools
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
CODE = {".cpp", ".h", ".c", ".td", ".py", ".sh", ".cmake"}


@functools.cache
def files():
    """Every tracked or new file that git does not ignore, relative to the top of the tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, capture_output=True, check=True
    ).stdout.decode()
    return [pathlib.PurePosixPath(name) for name in sorted(set(listed.split("\0"))) if name and (TOP / name).is_file()]


def text(path):
    return (TOP / path).read_text(encoding="utf-8")


def is_text(path):
    return b"\0" not in (TOP / path).read_bytes()[:8192]
