"""Tables in Markdown, and the figures that are to be reached: each with what it is measured beside, in one table at the end."""
import statistics
import sys
from dataclasses import dataclass


def percentile(values, share):
    """The value below which `share` of them are: the nearest rank, counted upwards."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def p50_p99(values):
    return statistics.median(values), percentile(values, 0.99)


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(title, head, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(number(c) if isinstance(c, float) else str(c) for c in row) + " |")
    sys.stdout.flush()


@dataclass
class Figure:
    """`reached` is in `unit`; `to_reach` is an upper bound, or a lower one where more is better, or None."""
    name: str
    reached: float
    unit: str
    to_reach: float | None = None
    better: str = "less"
    beside: str = ""            # the peer or limit of the same run
    beside_value: float | None = None  # in `unit`

    def met(self):
        if self.to_reach is None:
            return "-"
        return "yes" if (self.reached <= self.to_reach if self.better == "less" else self.reached >= self.to_reach) else "no"

    def row(self):
        bound = "-" if self.to_reach is None else f"{'≤' if self.better == 'less' else '≥'} {number(self.to_reach)} {self.unit}".strip()
        beside, ratio = self.beside, "-"
        if self.beside_value:
            beside, ratio = f"{self.beside}: {number(self.beside_value)} {self.unit}".strip(), number(self.reached / self.beside_value)
        return self.name, bound, f"{number(self.reached)} {self.unit}".strip(), self.met(), beside or "-", ratio


def summary(figures):
    if figures:
        table("Figures", ["figure", "to reach", "reached", "met", "beside it, in the same run", "ratio to it"], [f.row() for f in figures])
