# SPDX-License-Identifier: Apache-2.0
"""The results of all models as Markdown and JSON."""
import collections
import json
import statistics

SLOW_RUN = 1.3  # times ONNX Runtime
SLOW_COMPILATION = 20  # seconds
SLOW_REFUSAL = 0.2  # seconds


def ratio(result):
    """Processor time of a run relative to ONNX Runtime: the median of the three sizes."""
    rows = [row["dlc_seconds"] / row["ort_seconds"] for row in result.get("rows", []) if row.get("ort_seconds")]
    return statistics.median(rows) if rows else None


def memory_limit(result):
    """MB that a compilation may take."""
    return 3 * result["bytes"] / 1e6 + 400


def row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def markdown(results):
    lines = ["# Models that people export", ""]
    for shipped, title in ((False, "exported"), (True, "shipped")):
        part = [r for r in results if r["shipped"] == shipped and r["status"] != "not exported"]
        good = [r for r in part if r["status"] == "agrees"]
        lines.append(f"{len(part)} {title} models, {len(good)} compile and agree ({100 * len(good) / max(len(part), 1):.0f} %).")
    ratios = [x for r in results if r["status"] == "agrees" and (x := ratio(r)) is not None]
    if ratios:
        lines.append(f"Processor time relative to ONNX Runtime, one thread: median {statistics.median(ratios):.2f} of {len(ratios)} models.")
    lines += ["", row(["family", "models", "agree", "refused", "other"]), row(["---"] * 5)]
    families = collections.defaultdict(list)
    for r in results:
        families[r["family"]].append(r["status"])
    for name, statuses in sorted(families.items()):
        agree, refused = statuses.count("agrees"), statuses.count("refused")
        lines.append(row([name, len(statuses), agree, refused, len(statuses) - agree - refused]))
    lines += ["", "## What failed", ""]
    lines += [f"- {r['name']}: {r['status']}: {r['reason'][:600]}" for r in results if r["status"] not in ("agrees", "not exported")]
    lines += ["", "## Not exported", ""]
    lines += [f"- {r['name']}: {r['reason'][:200]}" for r in results if r["status"] == "not exported"]
    lines += ["", "## Limits exceeded", ""]
    for r in results:
        if (seconds := r.get("compile_seconds", 0)) > SLOW_COMPILATION:
            lines.append(f"- {r['name']}: compiled in {seconds:.1f} s ({r['compile_cpu_seconds']:.1f} s of processors)")
        if r["status"] == "refused" and r["compile_cpu_seconds"] > SLOW_REFUSAL:
            lines.append(f"- {r['name']}: refused after {r['compile_cpu_seconds']:.2f} s")
        if "bytes" in r and r["compile_peak_mb"] > memory_limit(r):
            lines.append(f"- {r['name']}: {r['compile_peak_mb']:.0f} MB to compile {r['bytes'] / 1e6:.1f} MB")
        if (x := ratio(r)) is not None and x > SLOW_RUN:
            lines.append(f"- {r['name']}: {x:.2f} times ONNX Runtime's processor time")
    lines += ["", "## All", "", row(["model", "family", "status", "MB", "compile s", "peak MB", "µs per run", "to ORT", "distance"]), row(["---"] * 9)]
    for r in results:
        rows = r.get("rows", [])
        cells = [r["name"], r["family"], r["status"]]
        cells.append(f"{r['bytes'] / 1e6:.2f}" if "bytes" in r else "")
        cells += [f"{r['compile_seconds']:.1f}", f"{r['compile_peak_mb']:.0f}"] if "compile_seconds" in r else ["", ""]
        cells.append(", ".join(f"{q['dlc_seconds'] * 1e6:.0f}" for q in rows))
        cells.append(f"{x:.2f}" if (x := ratio(r)) is not None else "")
        cells.append(f"{max((q['distance'] or 0) for q in rows):.0e}" if rows else "")
        lines.append(row(cells))
    return "\n".join(lines) + "\n"


def write_tables(results, folder):
    (folder / "table.json").write_text(json.dumps(results, indent=1))
    (folder / "table.md").write_text(markdown(results))
