# SPDX-License-Identifier: Apache-2.0
"""Generated pages are what their generators write today, and every link between pages leads somewhere."""
import re
import subprocess

import pytest

import tree

PAGES = [path for path in tree.files() if path.suffix == ".md"]


def test_generated_pages_are_fresh(tmp_path):
    result = subprocess.run(["scripts/generate-docs.sh", str(tmp_path)], cwd=tree.TOP, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    fresh = {path.name: path.read_text() for path in tmp_path.iterdir()}
    committed = {path.name: tree.text(path) for path in tree.files() if str(path).startswith("docs/generated/")}
    assert fresh
    stale = sorted(name for name in fresh.keys() | committed.keys() if fresh.get(name) != committed.get(name))
    assert not stale, "run scripts/generate-docs.sh: stale or left over: " + ", ".join(stale)


def anchors(page):
    """The anchors that a page's headings get on GitHub."""
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }


@pytest.mark.parametrize("path", [path for path in PAGES if "generated" not in path.parts], ids=str)
def test_links(path):
    text = re.sub(r"```.*?```", "", tree.text(path), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (tree.TOP / path).parent / name if name else tree.TOP / path
        if not linked.exists():
            broken.append(target)
        elif anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text()):
            broken.append(target)
    assert not broken, ", ".join(broken)


def test_pages_say_how_to_run_what_exists():
    """Scripts that pages mention in commands are there."""
    missing = []
    for path in PAGES:
        for script in re.findall(r"\bscripts/[\w-]+\.(?:sh|py)\b", tree.text(path)):
            if not (tree.TOP / script).exists():
                missing.append(f"{path}: {script}")
    assert not missing, "\n".join(missing)


def test_site(tmp_path):
    """The site has every page, no link in it leads nowhere, and it needs nothing from the network."""
    result = subprocess.run(["scripts/site.sh", str(tmp_path)], cwd=tree.TOP, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    for path in PAGES:
        if path.parts[0] != "test" and path.name != "LICENSE.md":
            assert (tmp_path / path.with_suffix(".html")).exists(), path
    foreign = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]*)"', "".join(page.read_text() for page in tmp_path.rglob("*.html")))
    assert not foreign, foreign
