# SPDX-License-Identifier: Apache-2.0
class Results(tuple):
    """The outputs of a run in order, and by name: results[0], results["scores"], results.scores."""

    def __new__(cls, names, values):
        self = super().__new__(cls, values)
        self._names = tuple(names)
        return self

    def keys(self):
        """The outputs' names, in order."""
        return self._names

    def __getitem__(self, key):
        if not isinstance(key, str):
            return super().__getitem__(key)
        if key not in self._names:
            raise KeyError(f"there is no output '{key}'; the outputs are {', '.join(map(repr, self._names))}")
        return super().__getitem__(self._names.index(key))

    def __getattribute__(self, name):
        # An output may be called `count` or `index`, as methods of tuples are.
        if not name.startswith("_") and name != "keys" and name in self._names:
            return self[name]
        return super().__getattribute__(name)

    def __getattr__(self, name):
        raise AttributeError(f"there is no output '{name}'; the outputs are {', '.join(map(repr, self._names))}")

    def __dir__(self):
        return [*super().__dir__(), *self._names]

    def __reduce__(self):
        return Results, (self._names, tuple(self))

    def __repr__(self):
        return "\n".join(f"{name}: {value!r}" for name, value in zip(self._names, self, strict=True))
