# SPDX-License-Identifier: Apache-2.0
"""The documentation as a site: Sphinx reads the same Markdown pages that the repository shows, where they are.

The source folder is the top of the tree, so links between pages, and from pages to files, mean the same in both.
"""
import pathlib
import re

TOP = pathlib.Path(__file__).parents[2]

project = "dlc"
version = re.search(r"project\(dlc VERSION ([\d.]+)", (TOP / "CMakeLists.txt").read_text()).group(1)
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"dlc {version}"
html_show_copyright = html_show_sphinx = html_copy_source = False

root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/generated/*.md", "examples/*.md", "examples/*/*.md", "test/*/README.md"]

myst_heading_anchors = 4
# Pages quote what programs print, which no lexer knows; MLIR has none in Pygments.
suppress_warnings = ["misc.highlighting_failure"]

# Pages begin with an H1; below it, some use the small headings of the generated pages.
suppress_warnings += ["myst.header"]

SECTIONS = {
    "Tutorials": ["docs/from-csv", "docs/from-pytorch", "docs/from-slow-to-fast"],
    "Using dlc": ["docs/command", "docs/python", "docs/runtime", "docs/training", "docs/decoding", "docs/custom-ops", "docs/cuda",
                  "docs/performance", "docs/tuning", "docs/comparison", "docs/limits"],
    "Reference": ["docs/model-format", "docs/onnx", "docs/numbers", "docs/gradients", "docs/generated/targets", "docs/generated/operations",
                  "docs/generated/commands", "docs/generated/python"],
    "Inside": ["ARCHITECTURE", "CONTRIBUTING", "docs/generated/dialect", "docs/generated/passes", "docs/generated/passes-program",
               "test/fake_cuda/README", "CHANGELOG"],
    "Examples": ["examples/README", "examples/*/README"],
}


def toctree(caption, pages):
    return f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"


def resolve_folder(match, page):
    """A link to a folder, which the repository shows as a list of files, becomes one to its page, or the name alone."""
    text, target = match.groups()
    folder = page.parent / target
    if not folder.is_dir():
        return match.group(0)
    return f"[{text}]({target.rstrip('/')}/README.md)" if (folder / "README.md").exists() else text


def adapt(app, name, source):
    """What the repository's page has by other means: links to folders and, on the first page, the way to all others."""
    page = TOP / (name + ".md")
    source[0] = re.sub(r"\[([^\]]+)\]\(([\w./-]+)\)", lambda match: resolve_folder(match, page), source[0])
    if name == root_doc:
        source[0] += "".join(toctree(caption, pages) for caption, pages in SECTIONS.items())


def setup(app):
    app.connect("source-read", adapt)
