# SPDX-License-Identifier: Apache-2.0
class CompileError(Exception):
    """dlc rejected the model; the message holds its diagnostics."""
