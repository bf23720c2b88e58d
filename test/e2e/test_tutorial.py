# SPDX-License-Identifier: Apache-2.0
"""The tutorials of docs/ that need no framework."""
import pytest
from conftest import BIN
from tutorial import follow

PAGES = ["from-csv.md", "from-slow-to-fast.md"]


@pytest.mark.parametrize("page", PAGES)
def test_page(page, tmp_path):
    follow(page, tmp_path, BIN)
