#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes clips of handwritten digits that move, and captions that describe them.

usage: make_clips.py FOLDER [--clips 12000] [--test-clips 500]

A clip is 8 frames of 16 x 16 pixels with values from 0 to 16: frames.npy [clips, 8, 1, 16, 16]. Its caption ("the digit seven moves up
slowly") is written as numbers of WORDS: words.npy [clips, 7] from the start word on, and label.npy, the word that follows each, the stop word
at last. Captions that are shorter have -1 as label behind it. test_frames.npy, test_words.npy and test_label.npy show digits that no other
clip shows.
"""
import argparse
import pathlib

import numpy as np

DIGITS = pathlib.Path(__file__).resolve().parent.parent / "digits"
FRAMES, SIZE, DIGIT = 8, 16, 8
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
DIRECTIONS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
SPEEDS = {"slowly": 0.5, "quickly": 1.0}  # pixels per frame
WORDS = ["<start>", "<stop>", "the", "digit", *NAMES, "moves", "stands", "still", *DIRECTIONS, *SPEEDS]
LENGTH = 7  # words of the longest caption, with the stop word


def draw_clip(image, random):
    """A clip of the digit, which stays inside the frame, and its words."""
    motions = [("stands", "still"), *(("moves", way, speed) for way in DIRECTIONS for speed in SPEEDS)]
    words = motions[random.integers(len(motions))]
    step = np.array(DIRECTIONS[words[1]]) * SPEEDS[words[2]] if words[0] == "moves" else np.zeros(2)
    path = np.floor(step * np.arange(FRAMES)[:, None]).astype(int)
    first = random.integers(-path.min(axis=0), SIZE - DIGIT - path.max(axis=0) + 1)
    clip = np.zeros((FRAMES, 1, SIZE, SIZE), np.uint8)
    for frame, (y, x) in zip(clip, first + path):
        frame[0, y : y + DIGIT, x : x + DIGIT] = image
    return clip, words


def make_clips(table, count, random):
    clips, start, stop = [], WORDS.index("<start>"), WORDS.index("<stop>")
    words, labels = np.full((count, LENGTH), stop), np.full((count, LENGTH), -1)
    for n, row in enumerate(table[random.integers(len(table), size=count)]):
        clip, motion = draw_clip(row[:64].reshape(DIGIT, DIGIT), random)
        clips.append(clip)
        caption = [WORDS.index(word) for word in ["the", "digit", NAMES[row[64]], *motion]]
        words[n, : len(caption) + 1] = [start, *caption]
        labels[n, : len(caption) + 1] = [*caption, stop]
    return np.stack(clips), words, labels


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--clips", type=int, default=12000)
    parser.add_argument("--test-clips", type=int, default=500)
    arguments = parser.parse_args()
    table = np.loadtxt(DIGITS / "digits.csv", delimiter=",", skiprows=1, dtype=int)
    is_held_back = np.zeros(len(table), bool)
    is_held_back[np.loadtxt(DIGITS / "digits_test_rows.txt", dtype=int)] = True
    random = np.random.default_rng(0)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for prefix, rows, count in ("", ~is_held_back, arguments.clips), ("test_", is_held_back, arguments.test_clips):
        for name, array in zip(("frames", "words", "label"), make_clips(table[rows], count, random)):
            np.save(arguments.folder / f"{prefix}{name}.npy", array)


if __name__ == "__main__":
    main()
