#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: judge_captions.py LIBRARY.so STATE.safetensors CLIPS: captions the test clips of a folder with the library, and counts the
captions in which every word is right."""
import pathlib
import sys

import dlc
import numpy as np
from make_clips import WORDS


def write_captions(model, clips):
    start, captions = np.array([WORDS.index("<start>")]), []
    for frames in clips.astype(np.float32) / 16:
        result = model.run({"frames": frames[None], "prompt": start}, entry="caption")
        captions.append(result["tokens"][: int(result["count"])])
    return captions


def to_caption(numbers):
    return " ".join(WORDS[number] for number in numbers if number >= 0 and WORDS[number] != "<stop>")


def main():
    folder = pathlib.Path(sys.argv[3])
    model = dlc.Model(sys.argv[1])
    model.new_state(seed=0).load(sys.argv[2], weights_only=True)
    written = [to_caption(caption) for caption in write_captions(model, np.load(folder / "test_frames.npy"))]
    right = [to_caption(caption) for caption in np.load(folder / "test_label.npy")]
    for shown, caption in list(zip(right, written))[:5]:
        print(f"{caption}{'' if caption == shown else f'  (it shows: {shown})'}")
    count = sum(caption == shown for shown, caption in zip(right, written))
    print(f"{count} of {len(right)} captions correct ({100 * count / len(right):.1f} %)")


if __name__ == "__main__":
    main()
