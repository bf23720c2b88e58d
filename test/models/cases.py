# SPDX-License-Identifier: Apache-2.0
"""What a model of the collection is: how its file is obtained, and its inputs at three sizes.

The parameters of a case's `feeds` name its symbols: `lambda r, N, S: {"x": r.normal(N, S, 8)}` gives the inputs of a model whose batch N and
length S are open. SIZES has three values for each symbol; the file is exported at the first and compiled once.
"""
import dataclasses
import inspect
import pathlib
import typing

import numpy as np

SIZES = {
    "N": (2, 1, 5),  # batch
    "S": (7, 100, 1),  # length of a sequence
    "T": (9, 4, 30),  # length of a second sequence
    "P": (4, 0, 94),  # positions in a cache of keys and values
    "H": (64, 96, 160),  # height
    "W": (96, 64, 128),  # width
    "L": (1600, 3200, 8000),  # samples of audio
    "F": (40, 25, 96),  # frames of audio
}


class Random:
    """Inputs of a run, the same for the same seed."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def normal(self, *shape, dtype=np.float32):
        return self.generator.standard_normal(shape).astype(dtype)

    def uniform(self, *shape, low=0.0, high=1.0, dtype=np.float32):
        return self.generator.uniform(low, high, shape).astype(dtype)

    def ints(self, high, *shape, low=0, dtype=np.int64):
        return self.generator.integers(low, high, shape).astype(dtype)

    def mask(self, n, s, dtype=np.int64):
        """Rows that begin with at least one 1 and end with 0s; the first row has none of these."""
        lengths = self.generator.integers(1, s + 1, n)
        lengths[:1] = s
        return (np.arange(s)[None, :] < lengths[:, None]).astype(dtype)


@dataclasses.dataclass
class Case:
    name: str
    family: str
    write: typing.Callable[["Case", pathlib.Path], None]  # writes the file; raises if it cannot be had
    feeds: typing.Callable[..., dict]
    sizes: dict = dataclasses.field(default_factory=dict)  # symbol -> three values, where they differ from SIZES
    original: str = ""  # name of the f32 case that this one is the f16 or int8 form of
    random: bool = False  # the model draws random numbers: only shapes are compared
    shipped: bool = False

    def symbols(self, index):
        """The symbols of size `index` (0 to 2) and their values."""
        names = list(inspect.signature(self.feeds).parameters)[1:]
        return {name: {**SIZES, **self.sizes}[name][index] for name in names}

    def inputs(self, index):
        """The arrays of size `index`, by name."""
        return self.feeds(Random(index), **self.symbols(index))

    def open_axes(self, arrays):
        """For what `arrays(index)` gives as a list of arrays for each size: the axes whose extents differ, and the symbols that they are."""
        per_size = [arrays(index) for index in range(3)]
        symbols = [self.symbols(index) for index in range(3)]
        result = []
        for position in range(len(per_size[0])):
            shapes = [np.shape(per_size[index][position]) for index in range(3)]
            axes = {}
            for axis, extents in enumerate(zip(*shapes, strict=True)):
                if len(set(extents)) > 1:
                    named = [s for s in symbols[0] if all(symbols[i][s] == extents[i] for i in range(3))]
                    axes[axis] = named[0] if named else f"d{position}_{axis}"
            result.append(axes)
        return result


CASES: dict[str, Case] = {}


def add(case):
    assert case.name not in CASES, f"two models are called {case.name}"
    CASES[case.name] = case
    return case
