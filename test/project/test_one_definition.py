# SPDX-License-Identifier: Apache-2.0
"""One definition of each type: two of one name in one namespace are one to the linker, which mixes the template instances made with them.

So no two headers define a class of one qualified name, and a class that a source file keeps to itself is in an anonymous namespace.
"""
import collections
import re

import pytest

import tree

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])'"""
    r"""|\b(namespace|class|struct|enum|union)\b([^;{}()=]*)\{|\{|\}""",
    re.DOTALL,
)
ANONYMOUS = "(anonymous)"


def named(kind, head):
    """The name in `head`, what is between the keyword and the brace."""
    if kind == "namespace":
        return "".join(head.split()) or ANONYMOUS
    head = re.sub(r"\b(?:class|struct|final|alignas)\b", " ", head)
    head = re.split(r"(?<!:):(?!:)", head)[0]  # bases, or an enumeration's type
    return "".join(head.split())


def definitions(source):
    """The qualified names of the types that `source` defines in namespaces; types in types, functions and templates' arguments do not count."""
    scopes, found = [], []
    for match in TOKEN.finditer(source):
        text = match.group(0)
        if match.group(1):
            name = named(match.group(1), match.group(2))
            if match.group(1) == "namespace":
                scopes.append(("namespace", name))
                continue
            if name and all(kind == "namespace" for kind, _ in scopes):
                found.append("::".join([scope for _, scope in scopes] + [name]))
            scopes.append(("type", name))
        elif text == "{":
            scopes.append(("block", ""))
        elif text == "}" and scopes:
            scopes.pop()
    return found


def sources(*suffixes):
    return [path for path in tree.files() if path.suffix in suffixes and path.parts[0] != "examples"]


def test_types_of_headers_have_one_definition():
    paths_of = collections.defaultdict(set)
    for path in sources(".h", ".cpp"):
        for name in definitions(tree.text(path)):
            if ANONYMOUS not in name:
                paths_of[name].add(str(path))
    assert len(paths_of) > 100
    clashes = {name: sorted(paths) for name, paths in paths_of.items() if len(paths) > 1}
    assert not clashes, clashes


def test_types_of_source_files_are_anonymous():
    found = [
        f"{path}: {name}"
        for path in sources(".cpp")
        for name in definitions(tree.text(path))
        if ANONYMOUS not in name and path.parts[0] != "test"
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source, expected",
    [
        ("namespace dlc { struct A { int x; }; }", ["dlc::A"]),
        ("namespace dlc::json { class A final : public B<C> { struct D {}; }; enum class E : int { F }; }", ["dlc::json::A", "dlc::json::E"]),
        ("namespace { struct A {}; } struct B;", ["(anonymous)::A"]),
        ("template <> struct A<int> { };", ["A<int>"]),
        ('// struct A {\nconst char *s = "struct B {"; void f() { struct C {}; } struct D {};', ["D"]),
        ("template <typename T> struct dlc::A<T>::B { };", ["dlc::A<T>::B"]),
    ],
)
def test_rule(source, expected):
    assert definitions(source) == expected
