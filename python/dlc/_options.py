# SPDX-License-Identifier: Apache-2.0
"""The options of the program dlc as keywords of dlc.compile: their types, and how they are written on a command line."""
import difflib
import os
from collections.abc import Iterable, Mapping


def _flag(name):
    def write(value):
        if not isinstance(value, bool):
            raise TypeError(f"is {value!r}; it is True or False")
        return [name] if value else []

    return write


def _choice(name, *choices):
    def write(value):
        if value not in choices:
            raise ValueError(f"is {value!r}; it is one of {', '.join(map(repr, choices))}")
        return [f"{name}={value}"]

    return write


def _text(name):
    def write(value):
        if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
            raise TypeError(f"is {value!r}; it is a string")
        return [f"{name}={os.fspath(value)}"]

    return write


def _paths(name):
    def write(value):
        paths = [value] if isinstance(value, (str, os.PathLike)) else list(value) if isinstance(value, Iterable) else [None]
        if not all(isinstance(path, (str, os.PathLike)) for path in paths):
            raise TypeError(f"is {value!r}; it is a path, or a list of paths")
        return [part for path in paths for part in (name, os.fspath(path))]

    return write


def _functions(value):
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [None]
    symbols = list(value.values()) if isinstance(value, Mapping) else names
    if not all(isinstance(text, str) for text in (*names, *symbols)):
        raise TypeError(f"is {value!r}; it is the name of an op, a list of names, or a dict of names to C functions")
    return [f"--op={name}={symbol}" for name, symbol in zip(names, symbols)]


def _count(name):
    def write(value):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"is {value!r}; it is an integer from 1 on")
        return [f"{name}={value}"]

    return write


def _level(value):
    if isinstance(value, bool) or value not in (0, 1, 2, 3):
        raise ValueError(f"is {value!r}; it is 0, 1, 2 or 3")
    return [f"-O{value}"]


def _size(value):
    if isinstance(value, str) and value or isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return [f"--memory-limit={value}"]
    raise ValueError(f"is {value!r}; it is a number of bytes, or a string such as '500MB'")


def _shapes(value):
    if not isinstance(value, Mapping):
        raise TypeError(f"is {value!r}; it is a dict of input names to extents, such as {{'x': (1, 3, 224, 224)}}")
    words = []
    for name, extents in value.items():
        extents = [extents] if isinstance(extents, int) else extents
        if not isinstance(extents, Iterable) or not all(isinstance(extent, int) and extent >= 0 for extent in extents):
            raise TypeError(f"has {extents!r} for {name!r}; the extents of an input are integers from 0 on")
        words += ["--shape", f"{name}={'x'.join(map(str, extents))}"]
    return words


def _train(value):
    if isinstance(value, bool):
        return ["--train"] if value else []
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise TypeError(f"is {value!r}; it is True, a dict that says how to train the model, or the path of a file that does")
    return [f"--train={os.fspath(value)}"]


def _cache(value):
    if not isinstance(value, bool):
        raise TypeError(f"is {value!r}; it is True or False")
    return [] if value else ["--no-cache"]


#: Each keyword and what writes it.
KEYWORDS = {
    "target": _text("--target"),
    "opt_level": _level,
    "math": _choice("--math", "strict", "default", "fast"),
    "precision": _choice("--precision", "f32", "bf16", "int8"),
    "shapes": _shapes,
    "train": _train,
    "replaceable_weights": _flag("--replaceable-weights"),
    "parameters": _text("--parameters"),
    "records": _paths("--records"),
    "memory_limit": _size,
    "weights": _choice("--weights", "embed", "file"),
    "name": _text("--name"),
    "entry": _text("--entry"),
    "header": _flag("--header"),
    "op": _functions,
    "link": _paths("--link"),
    "op_descriptions": _text("--op-descriptions"),
    "report": _text("--report"),
    "profile": _text("--profile"),
    "machine": _text("--machine"),
    "check_bounds": _flag("--check-bounds"),
    "sanitize": _choice("--sanitize", "thread"),
    "keep_tensors": _flag("--keep-tensors"),
    "jobs": _count("--jobs"),
    "cache": _cache,
    "cache_dir": _text("--cache-dir"),
}  # fmt: skip


def write_options(keywords):
    """The words of a command line for these keywords; None leaves an option out. Raises TypeError or ValueError that names the keyword."""
    words = []
    for keyword, value in keywords.items():
        if keyword not in KEYWORDS:
            near = difflib.get_close_matches(keyword, KEYWORDS, 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; the options are {', '.join(sorted(KEYWORDS))}"
            raise TypeError(f"dlc.compile has no option '{keyword}'{hint}")
        if value is None:
            continue
        try:
            words += KEYWORDS[keyword](value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"option '{keyword}' {error}") from None
    return words
