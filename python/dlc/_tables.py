# SPDX-License-Identifier: Apache-2.0
"""Arrays, tables of pandas and Arrow, and dicts of them as the sources of a training run."""
from collections.abc import Mapping

import numpy as np


def is_table(value):
    """A pandas DataFrame, a pyarrow Table, or what is like them: named columns."""
    return hasattr(value, "columns") and hasattr(value, "__getitem__") or hasattr(value, "column_names")


def column_names(table):
    return [str(name) for name in (table.column_names if hasattr(table, "column_names") else table.columns)]


def _column(table, name):
    if hasattr(table, "column_names"):
        return table.column(name)
    return table[next(column for column in table.columns if str(column) == name)]


def split_label(table, label):
    """(the table without the column `label`, that column)."""
    names = column_names(table)
    if label not in names:
        raise ValueError(f"the table has no column '{label}'; it has {', '.join(map(repr, names[:12]))}")
    rest = table.drop_columns([label]) if hasattr(table, "drop_columns") else table.drop(columns=[label])
    return rest, _column(table, label)


def _numbers(value, name):
    """A contiguous array of numbers in this machine's byte order."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ValueError(f"'{name}' has elements of type {array.dtype}, which are not numbers: encode them first")
    return np.require(array, array.dtype.newbyteorder("="), ["C"])


def _features(table, name):
    """Columns of numbers side by side."""
    columns = []
    for column in column_names(table):
        array = np.asarray(_column(table, column))
        if array.dtype.kind not in "biuf":
            raise ValueError(f"column '{column}' of '{name}' has elements of type {array.dtype}, which are not numbers: encode or drop it")
        columns.append(array)
    if not columns:
        raise ValueError(f"'{name}' has no columns")
    return np.ascontiguousarray(np.stack(columns, axis=1))


def _labels(value, name):
    """Numbers, or names of classes as a list of strings."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = np.asarray(value)
    if array.dtype.kind in "US" or array.dtype.kind == "O" or array.dtype.kind == "T":
        texts = array.ravel().tolist()
        wrong = next((row for row, text in enumerate(texts) if not isinstance(text, str)), None)
        if wrong is not None:
            raise ValueError(f"label '{name}' has {texts[wrong]!r} in row {wrong}: labels are numbers, or strings in every row")
        return texts
    return _numbers(array, name)


def sources(inputs, labels, known_labels):
    """The items that dlc._dlc.train takes. `inputs` and `labels` are arrays, tables or dicts of them by name; `labels` may be the name of a
    column of `inputs`, or None if `inputs` has them all. `known_labels` are the model's."""
    if isinstance(labels, str) and is_table(inputs):
        name = labels
        inputs, labels = split_label(inputs, labels)
        found = [("", True, name, _labels(labels, name))]
    elif labels is None:
        found = []
    elif isinstance(labels, Mapping):
        found = [(str(name), True, str(name), _labels(value, name)) for name, value in labels.items()]
    else:
        found = [("", True, "y", _labels(labels, "y"))]
    if isinstance(inputs, Mapping):
        for name, value in inputs.items():
            isLabel = name in known_labels
            made = _labels(value, name) if isLabel else _features(value, name) if is_table(value) else _numbers(value, name)
            found.append((str(name), isLabel, str(name), made))
    else:
        found.append(("", False, "X", _features(inputs, "X") if is_table(inputs) else _numbers(inputs, "X")))
    for _, _, name, value in found:
        if not isinstance(value, list) and not value.ndim:
            raise ValueError(f"'{name}' is one number: the first dimension of data counts rows")
    return found
