# SPDX-License-Identifier: Apache-2.0
import html


class History(list):
    """What a training run has reached: a dict of metrics for each epoch, which notebooks show as a table."""

    def names(self):
        """All metrics, in the order in which they first appear."""
        return list(dict.fromkeys(name for record in self for name in record))

    def column(self, name):
        """One metric, epoch by epoch; None where an epoch lacks it."""
        if name not in self.names():
            raise KeyError(f"there is no metric '{name}'; there are {', '.join(map(repr, self.names()))}")
        return [record.get(name) for record in self]

    def to_dict(self):
        """Metrics to lists, for a table of any library: pandas.DataFrame(history.to_dict())."""
        return {name: self.column(name) for name in self.names()}

    def to_pandas(self):
        """A pandas.DataFrame with a row for each epoch."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def to_arrow(self):
        """A pyarrow.Table with a row for each epoch."""
        import pyarrow

        return pyarrow.table(self.to_dict())

    def plot(self, *names, axes=None):
        """Draws metrics over epochs with matplotlib, all losses by default, and returns the axes."""
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.figure().gca()
        for name in names or [name for name in self.names() if name.endswith("loss")]:
            axes.plot(self.column("epoch"), self.column(name), label=name)
        axes.set_xlabel("epoch")
        axes.legend()
        return axes

    def _texts(self):
        write = lambda value: "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)
        return [[write(record.get(name)) for name in self.names()] for record in self]

    def __repr__(self):
        rows = [self.names(), *self._texts()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows)

    def _repr_html_(self):
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.names())
        body = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in self._texts())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
