#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the compiled network continue a text.

usage: write.py LIBRARY.so TEXT [--entry greedy|sample|beam] [--seed N] [--temperature T] [--dlc-run PROGRAM]

Letters are numbered by their order in text.txt; number 0, the end of the line, ends the text.
"""
import argparse
import pathlib
import subprocess
import tempfile

import numpy as np

LETTERS = sorted(set((pathlib.Path(__file__).resolve().parent / "text.txt").read_text()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("text")
    parser.add_argument("--entry", default="greedy", choices=["greedy", "sample", "beam"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--dlc-run", default="dlc-run")
    options = parser.parse_args()
    inputs = {"prompt": np.array([LETTERS.index(letter) for letter in options.text])}
    if options.entry == "sample":
        inputs |= {"seed": np.int64(options.seed), "temperature": np.float32(options.temperature)}
    with tempfile.TemporaryDirectory() as folder:
        command = [options.dlc_run, options.library, "--entry", options.entry]
        for name, value in inputs.items():
            np.save(f"{folder}/{name}.npy", value)
            command += ["--input", f"{name}={folder}/{name}.npy"]
        for name in ("tokens", "count"):
            command += ["--output", f"{name}={folder}/{name}.npy"]
        subprocess.run(command, check=True)
        tokens, count = np.load(f"{folder}/tokens.npy"), np.load(f"{folder}/count.npy")
    print(options.text + "".join(LETTERS[token] for token in tokens[:count]).rstrip("\n"))


if __name__ == "__main__":
    main()
