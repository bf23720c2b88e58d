# SPDX-License-Identifier: Apache-2.0
"""Writes a text as sequences of character numbers: token.npy, and label.npy with the character that follows each.

usage: sequences.py TEXT FOLDER [--length 64]
"""
import argparse
import pathlib

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--length", type=int, default=64)
    arguments = parser.parse_args()
    text = arguments.text.read_text()
    characters = sorted(set(text))
    numbers = np.array([characters.index(c) for c in text])
    count = (len(numbers) - 1) // arguments.length
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, begin in ("token", 0), ("label", 1):
        part = numbers[begin : begin + count * arguments.length].reshape(count, arguments.length)
        np.save(arguments.folder / f"{name}.npy", part.astype(np.int64))
    print(f"{len(characters)} characters, {count} sequences of {arguments.length}")


if __name__ == "__main__":
    main()
