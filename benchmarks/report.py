"""The table for people, `results.json` for comparing runs, `results.md` for `docs/performance.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Figure

_NOISY = 0.3
_FILE_COLUMNS = 150


def show(figures: Sequence[Figure], machine: Mapping[str, Any], seconds: float) -> None:
    """Print one table; a ratio whose turns differ by more than 30% of the median is marked."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_FILE_COLUMNS)
    table = Table(title="The order flow beside a bare client, ratios in one run", title_justify="left", padding=(0, 1))
    for name, justify in (("what", "left"), ("figure", "right"), ("ratio (min..max)", "right"), ("against", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("better")
    table.add_column("target")
    for figure in figures:
        what = f"{figure.name}\n  {figure.note}" if figure.note else figure.name
        table.add_row(what, figure.figure, _ratio(figure), figure.against, figure.better, "none set")
    console.print(table)
    loads = " ".join(str(load) for load in machine["load_average"])
    console.print(
        f"{machine['cores']} cores, Python {machine['python']}, commit {machine['commit']}"
        f"{' with changes' if machine['uncommitted_changes'] else ''}, load at start {loads}, {seconds:.0f} s in all."
        "\nFigures are of this machine at this load: compare ratios only. ~ noisy: turns differ by more than 30%."
    )


def write(path: Path, figures: Sequence[Figure], machine: Mapping[str, Any], seconds: float) -> None:
    """Write everything that was measured, and the table beside it."""
    content = {
        "machine": {**machine, "seconds_in_all": round(seconds, 1)},
        "figures": [_to_json(figure) for figure in figures],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(_to_markdown(figures), encoding="utf-8")


def _to_markdown(figures: Sequence[Figure]) -> str:
    lines = ["| what | figure | ratio (min..max) | against | better |", "|---|---|---|---|---|"]
    for figure in figures:
        note = f" ({figure.note})" if figure.note else ""
        cells = (f"{figure.name.strip()}{note}", figure.figure, _ratio(figure), figure.against, figure.better)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _to_json(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name.strip(),
        "figure": figure.figure,
        "against": figure.against,
        "better": figure.better,
        "target": None,
        "note": figure.note,
        "ratio": figure.ratio.to_json(),
        "samples": {name: found.to_json() for name, found in figure.samples.items()},
    }


def _ratio(figure: Figure) -> str:
    ratio = figure.ratio
    mark = "~" if ratio.noise > _NOISY else ""
    return f"{mark}{ratio.median:.2f} ({min(ratio.values):.2f}..{max(ratio.values):.2f})"
