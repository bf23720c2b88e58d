# SPDX-License-Identifier: Apache-2.0
"""Whether two runs of a model agree."""
import numpy as np

TOLERANCE = 1e-4  # of the range of the reference output and 0


def distance(got, want):
    """The largest difference, as a fraction of the range of `want` and 0; infinite where NaN or infinities are at other positions."""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    finite = np.isfinite(want)
    if not np.array_equal(finite, np.isfinite(got)) or not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    values = want[finite]
    extent = max(values.max(), 0.0) - min(values.min(), 0.0)
    difference = np.abs(got[finite] - values).max()
    return float(difference / extent) if extent else float(difference)


def compare(names, got, want, other, random=False):
    """Returns (what differs or "", the largest distance, the largest allowed distance) of lists of outputs.

    `other`: the outputs of the f32 original or of another way to compute the model. Where `other` is farther from `want` than TOLERANCE, an
    output may be that far, and a quarter more because both are sums of many roundings, from one of them. Integers and booleans must be equal, unless those of `other` are not.
    """
    if len(got) != len(want):
        return f"{len(got)} outputs instead of {len(want)}", None, None
    largest, largest_allowed = 0.0, TOLERANCE
    for name, a, b, c in zip(names, got, want, other, strict=True):
        a, b, c = np.asarray(a), np.asarray(b), np.asarray(c)
        if a.shape != b.shape:
            return f"{name} has shape {a.shape} instead of {b.shape}", None, None
        if random or b.dtype == object or not b.size:
            continue
        if b.dtype.kind in "iub":
            if not np.array_equal(a, b) and np.array_equal(b, c):
                return f"{name}: {int((a != b).sum())} of {b.size} discrete values differ", None, None
            continue
        far, allowed = distance(a, b), TOLERANCE
        if b.shape == c.shape:
            allowed = max(allowed, 1.25 * distance(c, b))
            far = min(far, distance(a, c)) if allowed > TOLERANCE else far
        largest, largest_allowed = max(largest, far), max(largest_allowed, allowed)
        if far > allowed:
            return f"{name} is {far:.1e} of its range away, allowed {allowed:.1e}", far, allowed
    return "", largest, largest_allowed
