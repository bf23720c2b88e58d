# SPDX-License-Identifier: Apache-2.0
class CompileError(Exception):
    """dlc rejected the model; the message holds its diagnostics."""


class ExportError(CompileError):
    """A framework's exporter cannot write the model as one that dlc reads."""

    def __init__(self, what, error):
        # Exporters wrap what has gone wrong in advice on how to debug them.
        while error.__cause__ is not None:
            error = error.__cause__
        lines = str(error).strip().splitlines()[:12]
        super().__init__("\n".join([f"{what}: {type(error).__name__}: {lines[0] if lines else ''}", *lines[1:]]))
