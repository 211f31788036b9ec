"""The table of docs/performance.md. A ratio is the median of the rounds' own ratios, each taken side by side; a figure is
the median of its rounds."""

from statistics import median


class Row:
    """`more_is_better`: the ratio has to reach the floor from below, else from above."""

    def __init__(self, number, what, floor, target, more_is_better=False):
        self.number, self.what, self.floor, self.target, self.more_is_better = number, what, floor, target, more_is_better
        self.ours, self.theirs, self.unit, self.ratio = None, None, "", None

    def fill(self, ours, theirs, unit, ratio=None):
        """`ours` and `theirs`: round by round."""
        self.ours, self.theirs, self.unit = median(ours), median(theirs) if theirs else None, unit
        if ratio is not None:
            self.ratio = ratio
        elif len(ours) == len(theirs):
            self.ratio = median(a / b for a, b in zip(ours, theirs))
        else:
            self.ratio = self.ours / self.theirs
        return self

    def reaches(self, bound):
        return self.ratio >= bound if self.more_is_better else self.ratio <= bound

    def verdict(self):
        if self.ratio is None:
            return "not measured"
        return "target" if self.reaches(self.target) else "floor" if self.reaches(self.floor) else "**below**"

    def cells(self):
        bound = ">=" if self.more_is_better else "<="
        return [self.number, self.what, self.text(self.ours), self.text(self.theirs),
                "" if self.ratio is None else f"{self.ratio:.2f}", f"{bound} {self.floor:g}", f"{bound} {self.target:g}",
                self.verdict()]

    def text(self, value):
        if value is None:
            return ""
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
        return f"{value:,.{digits}f} {self.unit}".strip()


HEADINGS = ["#", "what, ours against theirs", "ours", "theirs", "ratio", "floor", "target", "reaches"]


def markdown(rows):
    lines = [HEADINGS, ["---"] * len(HEADINGS)] + [row.cells() for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
