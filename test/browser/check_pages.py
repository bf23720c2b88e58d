#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens the pages that dlc and dlc-run write in Chromium, at widths of 400 and 1,300 pixels, and fails if one does not fit: then a reader would have
to scroll sideways. With --write, the pictures of docs/images that show them are made anew. By hand, not in CI: it needs chromium,
and Pillow to write pictures.

usage: check_pages.py [--bin build/bin] [--folder FOLDER] [--write]
The pages, and a picture of each at both widths, are left in FOLDER (.setup/browser).
"""
import argparse
import html
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
DIGITS = TOP / "examples" / "digits"
WIDTHS = (400, 1300)

# The page in a frame, as wide as the screen to be tried: a browser's own window cannot be as narrow as a phone. The title gets the width of the content.
FRAME = """<!doctype html><body style="margin:0"><iframe style="border:0;width:{width}px;height:{height}px" srcdoc="{page}"></iframe>
<script>addEventListener("load", () => {{
  document.title = "wide " + document.querySelector("iframe").contentDocument.documentElement.scrollWidth;
}})</script>"""


def write_pages(programs, folder):
    """The pages of a training run, an evaluation, a compilation and a comparison, by their names."""
    run = lambda *words: subprocess.run([programs / words[0], *words[1:]], cwd=folder, check=True, capture_output=True)
    shutil.copy(DIGITS / "digits.csv", folder)  # the page says where the data is
    data = ["--data", "digits.csv", "--scale", "image=0.0625", "--validation-rows", DIGITS / "digits_test_rows.txt", "--seed", "1"]
    run("dlc", DIGITS / "digits_training.json", "--train", "-o", "trainer.so")
    run("dlc-run", "train", "trainer.so", *data, "--epochs", "20", "--schedule", "cosine", "--checkpoint", "digits.safetensors", "--report", "training.html")
    run("dlc-run", "evaluate", "trainer.so", "digits.csv", "--variables", "digits.safetensors", "--report", "evaluation.html")
    run("dlc", DIGITS / "digits_cnn.onnx", "-o", "before.so", "--target", "x86-64-v2")
    run("dlc", DIGITS / "digits_cnn.onnx", "-o", "after.so", "--target", "x86-64-v3", "--report", "compilation.html")
    run("dlc", "diff", "before.so", "after.so", "--html", "diff.html")
    return ["training", "evaluation", "compilation", "diff"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build" / "bin")
    parser.add_argument("--folder", type=pathlib.Path, default=TOP / ".setup" / "browser")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser:
        parser.exit(1, "there is no chromium: apt-get install chromium\n")
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    too_wide = 0
    for name in write_pages(arguments.bin.resolve(), folder):
        page = html.escape((folder / f"{name}.html").read_text())
        for width in WIDTHS:
            height = 1200 if width == 400 else 900
            frame, picture = folder / f"{name}-{width}-frame.html", folder / f"{name}-{width}.png"
            frame.write_text(FRAME.format(page=page, width=width, height=height))
            options = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={max(width, 500)},{height}",
                       "--virtual-time-budget=5000"]  # fmt: skip
            content = subprocess.run([*options, "--dump-dom", frame.as_uri()], check=True, capture_output=True, text=True).stdout
            subprocess.run([*options, f"--screenshot={picture}", frame.as_uri()], check=True, capture_output=True)
            needed = int(re.search(r"<title>wide (\d+)", content)[1])
            print(f"{name} at {width} pixels: {'fits' if needed <= width else f'needs {needed}'}")
            too_wide += needed > width
    if arguments.write:
        from PIL import Image

        picture = Image.open(folder / "training-1300.png").convert("RGB").quantize(64)
        picture.save(TOP / "docs" / "images" / "training.png", optimize=True)
    return 1 if too_wide else 0


if __name__ == "__main__":
    raise SystemExit(main())
