"""How large figures are: for a screen, panels side by side, or for a column of a paper, panels below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN_WIDTH = 3.03  # inches: a column of the ACL's and of most two-column styles (7.7 cm)
PAGE_WIDTH = 6.3  # inches: both columns, for many panels
MANY = 5  # panels below each other would be as high as the page
STYLE: Any = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "svg.hashsalt": "fairseq_alignmlm",  # the same input gives the same bytes
    "svg.fonttype": "path",  # no font of the reader's is needed
    "pdf.fonttype": 42,  # TrueType: publishers refuse Type 3
    "text.parse_math": False,  # names are names, also with a $ in them
}


@dataclass(frozen=True)
class Layout:
    """Sizes of a figure; fonts in points, lengths in inches.

    Attributes:
        font: of titles, labels and ticks.
        small: of the axis that says what is measured.
        tiny: of numbers at bars.
        legend_columns: names beside each other in a legend.
        legend_line: height of its lines.
        marker: size of markers of single points, in points.
        width: of the whole figure, whose panels are below each other; None: they are side by side.
        height: of a panel, if they are below each other.
        narrowest: width of a figure whose panels are side by side.
        numbers: how numbers at bars are written.
    """

    font: float
    small: float
    tiny: float
    legend_columns: int
    legend_line: float
    marker: float
    width: float | None = None
    height: float = 0.0
    narrowest: float = 5.5  # four names beside each other in the legend
    numbers: str = "%.1f"

    @property
    def style(self) -> Any:
        """matplotlib's settings."""
        sizes = {"font.size": self.font, "axes.titlesize": self.font + (2 if self.width is None else 0)}
        sizes |= {"legend.fontsize": self.font} | ({"lines.linewidth": 1.0} if self.width else {})
        return STYLE | sizes

    def panels(
        self, count: int, width: float, height: float, lines: int, across: int | None = None, **share: Any
    ) -> tuple[Figure, list[Any]]:
        """Return a figure of panels with room for a legend below them, and their axes.

        Args:
            count: of panels.
            width: of one on a screen, in inches.
            height: of one on a screen, in inches.
            lines: of the legend.
            across: at most so many beside each other on a screen.
            share: ``sharex``, ``sharey``.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        below = 0.1 + self.legend_line * lines
        columns = min(self.columns(count), across or count)
        rows = -(-count // columns)
        size = (max(self.narrowest, width * columns), height * rows)
        if self.width is not None:
            size = (self.width if columns == 1 else PAGE_WIDTH, self.height * rows + 0.15)
        whole = size[1] + below
        above = ConstrainedLayoutEngine(rect=(0, below / whole, 1, size[1] / whole))
        figure = Figure(figsize=(size[0], whole), layout=above)
        FigureCanvasAgg(figure)
        axes = list(figure.subplots(rows, columns, squeeze=False, **share).flat)
        for axis in axes[count:]:
            axis.remove()
        return figure, axes[:count]

    def columns(self, count: int) -> int:
        """Return how many of some panels are beside each other."""
        return count if self.width is None else 2 if count >= MANY else 1

    def legend_lines(self, labels: Sequence[str]) -> int:
        """Return the number of lines that a legend of these labels has."""
        return -(-len(labels) // self.legend_columns)

    def label_y(self, figure: Figure, axes: Sequence[Any], text: str) -> None:
        """Say what is measured: at the first panel, or once beside all that are below each other."""
        if self.width is not None and len(axes) > 1:
            figure.supylabel(text, fontsize=self.small)
        else:
            axes[0].set_ylabel(text, fontsize=self.small)

    def label_x(self, axes: Sequence[Any], text: str) -> None:
        """Say what panels that share their axis show along it."""
        for axis in axes[-self.columns(len(axes)) :]:
            axis.set_xlabel(text)


SCREEN = Layout(font=10, small=9, tiny=7, legend_columns=4, legend_line=0.25, marker=9)
COLUMN = Layout(
    font=7.5,
    small=7.5,
    tiny=6,
    legend_columns=2,
    legend_line=0.17,
    marker=6.5,
    width=COLUMN_WIDTH,
    height=1.55,
    numbers="%.0f",
)
