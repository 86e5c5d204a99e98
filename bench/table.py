"""The table of results: what was measured, against what, the ratio, and the goal that it is held against."""

import os
import platform
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    what: str
    ours: str
    against: str
    theirs: str
    ratio: float | None
    goal: str


class Report:
    def __init__(self):
        self._rows = []

    def add(self, what, ours, against, theirs, goal, unit):
        """Adds a row and prints it; `theirs` may be None where the other tool is not there."""
        is_number = isinstance(theirs, (int, float)) and theirs > 0
        ratio = round(ours / theirs, 2) if is_number else None
        shown = f"{theirs:,.2f} {unit}" if is_number else str(theirs)
        row = Row(what, f"{ours:,.2f} {unit}", against, shown, ratio, goal)
        self._rows.append(row)
        print(f"  {row.what}: {row.ours}; {row.against}: {row.theirs}; ratio {row.ratio} (goal {row.goal})", flush=True)

    def rows(self):
        machine = {"cores": os.cpu_count(), "machine": platform.machine(), "system": platform.platform()}
        return {"machine": machine, "rows": [asdict(row) for row in self._rows]}

    def text(self):
        lines = ["| what | Holdfast | against | theirs | ratio | goal |", "|---|--:|---|--:|--:|---|"]
        for row in self._rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            lines.append(f"| {row.what} | {row.ours} | {row.against} | {row.theirs} | {ratio} | {row.goal} |")
        return "\n".join(lines)
