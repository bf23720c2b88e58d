#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the reference of the package dlc: every public class, function, method and property with its signature and docstring."""
import inspect
import re

import dlc
import dlc.onnx_backend


def signature_and_text(name, thing):
    """How a function is called, and its docstring. Functions of the extension module have their signatures in their docstrings."""
    text = inspect.getdoc(thing) or ""
    own = name.split(".")[-1]
    if match := re.match(rf"{own}(\(.*\)(?: -> .*)?)\n*", text):
        signature, text = match[1], text[match.end() :]
    else:
        signature = str(inspect.signature(thing))
    return name + re.sub(r"\(self(, )?", "(", signature).replace("dlc._dlc.", "dlc."), text


def members(kind):
    """Public methods and properties that a class itself defines, and how it is created."""
    for name, thing in sorted(vars(kind).items()):
        says_how = name in ("__init__", "__call__") and thing.__doc__ and "See help(" not in thing.__doc__
        if says_how or not name.startswith("_"):
            yield name, thing


def describe(name, thing):
    if isinstance(thing, type):
        print(f"## {name}\n\n{inspect.getdoc(thing) or ''}\n")
        if issubclass(thing, BaseException):
            return
        for own, member in members(thing):
            if isinstance(member, property) or not callable(getattr(thing, own)):
                text = re.sub(r"^\(self\) -> (.*)", r"\1", inspect.getdoc(member) or "").replace("dlc._dlc.", "dlc.")
                print(f"`{name}.{own}`: {text}\n")
            else:
                signature, text = signature_and_text(f"{name}.{own}", getattr(thing, own))
                signature = signature.replace(f"{name}.__init__", name).replace(f"{name}.__call__", name.split(".")[-1].lower())
                print(f"`{signature}`\n\n{text}\n")
    else:
        signature, text = signature_and_text(name, thing)
        print(f"## {name}\n\n`{signature}`\n\n{text}\n")


print("# The Python package\n\n[Python](../python.md) shows how it is used.\n")
for name in sorted(dlc.__all__, key=lambda name: (name.endswith("Error"), name.lower())):
    if not name.startswith("__"):
        describe(f"dlc.{name}", getattr(dlc, name))
print(f"## dlc.onnx_backend\n\n{inspect.getdoc(dlc.onnx_backend)}")
