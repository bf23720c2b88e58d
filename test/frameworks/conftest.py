# SPDX-License-Identifier: Apache-2.0
"""Tests with the frameworks themselves, which are too large for CI: in the environment of test/models/setup.sh,

    PYTHONPATH=build/python .setup/models/venv/bin/python -m pytest test/frameworks
"""
