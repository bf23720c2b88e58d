# SPDX-License-Identifier: Apache-2.0
"""Checks files in the trace event format of Chrome and Perfetto: the JSON object with `traceEvents`, of which dlc writes complete events
(ph X) and metadata (ph M)."""
import json

import jsonschema

TIME = {"type": "number", "minimum": 0}
SCHEMA = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": {"type": "object"},
        "traceEvents": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["ph", "pid", "tid", "name"],
                "properties": {"pid": {"type": "integer"}, "tid": {"type": "integer", "minimum": 1}, "name": {"type": "string"}, "args": {"type": "object"}},
                "oneOf": [
                    {
                        "properties": {"ph": {"const": "X"}, "ts": TIME, "dur": TIME, "cat": {"type": "string", "minLength": 1}},
                        "required": ["ts", "dur", "cat"],
                    },
                    {
                        "properties": {"ph": {"const": "M"}, "name": {"enum": ["process_name", "thread_name"]}},
                        "required": ["args"],
                        "not": {"required": ["ts"]},
                    },
                ],
            },
        },
    },
}
# Times are rounded to nanoseconds, each for itself.
ROUNDING = 0.002


def read_trace(path):
    """The complete events of a trace, which must fit the format: on a thread they follow each other or are one inside the other."""
    trace = json.loads(path.read_text())
    jsonschema.validate(trace, SCHEMA)
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    named = {event["tid"] for event in trace["traceEvents"] if event["name"] == "thread_name"}
    assert {event["tid"] for event in events} == named
    for thread in named:
        open_events = []
        for event in sorted((event for event in events if event["tid"] == thread), key=lambda event: (event["ts"], -event["dur"])):
            while open_events and open_events[-1] <= event["ts"] + ROUNDING:
                open_events.pop()
            end = event["ts"] + event["dur"]
            assert not open_events or end <= open_events[-1] + ROUNDING, f"{event} ends after what it is in"
            open_events.append(end)
    return events
