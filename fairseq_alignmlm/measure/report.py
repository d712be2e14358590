"""The result of `measure` as JSON, text and a figure."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.evaluation.interval import INTERVAL
from fairseq_alignmlm.evaluation.signature import short_hash, signature
from fairseq_alignmlm.measure.measures import Fertility, Measured
from fairseq_alignmlm.storage import atomic_path

HIGHER_IS_WORSE = ("alignment error rate",)


def as_json(name: str, digest: str, layers: int, found: Sequence[Measured], cut: Sequence[Fertility]) -> dict[str, Any]:
    """Return the result as it is written.

    Args:
        name: of the model.
        digest: sha256 of its weights.
        layers: how many it has.
        found: the numbers.
        cut: how its tokenizer cuts each language.
    """
    return {
        "version": __version__,
        "python": platform.python_version(),
        "model": name,
        "sha256": digest,
        "layers": layers,
        "interval_percent": INTERVAL,
        "measures": [
            {
                "measure": each.measure,
                "direction": each.direction,
                "layer": each.layer,
                **each.score._asdict(),
                **each.detail,
                "signature": _signature(each, digest),
            }
            for each in found
        ],
        "fertility": [asdict(each) for each in cut],
    }


def _signature(each: Measured, digest: str) -> str:
    metric = each.measure.replace(", ", "-").replace(" ", "-")
    rule = "input-embeddings" if each.layer is None else f"layer-{each.layer}"
    return signature(
        task="measure", dir=each.direction, metric=metric, rule=rule, n=each.score.n, model=short_hash(digest)
    )


def as_text(name: str, found: Sequence[Measured], cut: Sequence[Fertility]) -> str:
    """Return the best layer of every measure, and the table over languages."""
    lines = [f"{name}: percent, 95 % bootstrap intervals; of measures by layer the best layer"]
    width = max((len(f"{each.measure}  {each.direction}") for each in found), default=0)
    for key in dict.fromkeys((each.measure, each.direction) for each in found):
        best = best_layer([each for each in found if (each.measure, each.direction) == key])
        layer = "input" if best.layer is None else f"layer {best.layer}"
        lines.append(f"  {'  '.join(key):{width}}  {best.score}  n {best.score.n:,}, {layer}")
    if cut:
        lines.append(f"  {'language':12} {'words':>9} {'pieces/word':>12} {'several %':>10} {'unknown %':>10}")
    for each in cut:
        row = f"  {each.language:12} {each.words:9,} {each.pieces_per_word:12.2f} {each.continued:10.1f}"
        lines.append(f"{row} {each.unknown:10.2f}")
    return "\n".join(lines)


def best_layer(found: Sequence[Measured]) -> Measured:
    """Return the number of the best layer; of equal ones, the lowest."""
    worst = found[0].measure in HIGHER_IS_WORSE
    return min(found, key=lambda each: (each.score.value if worst else -each.score.value, each.layer or 0))


def draw(path: Path, name: str, found: Sequence[Measured]) -> None:
    """Draw every measure over the layers, with its interval; a panel for each direction.

    Raises:
        InputError: matplotlib is not installed.
    """
    from fairseq_alignmlm.exchange.extra import require_extra

    require_extra("matplotlib")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    by_layer = [each for each in found if each.layer is not None]
    directions = list(dict.fromkeys(each.direction for each in by_layer))
    if not directions:
        return
    figure, axes = pyplot.subplots(
        1, len(directions), figsize=(4.5 * len(directions), 4), squeeze=False, sharey=True, layout="constrained"
    )
    measures = list(dict.fromkeys(each.measure for each in by_layer))
    styles = ["-", "--", "-.", ":"]
    for axis, direction in zip(axes[0], directions, strict=True):
        for number, measure in enumerate(measures):
            part = [each for each in by_layer if (each.measure, each.direction) == (measure, direction)]
            if part:
                layers = [each.layer for each in part]
                style = {"color": f"C{number}", "linestyle": styles[number % len(styles)]}
                axis.plot(layers, [each.score.value for each in part], label=measure, **style)
                low, high = ([getattr(each.score, end) for each in part] for end in ("low", "high"))
                axis.fill_between(layers, low, high, color=f"C{number}", alpha=0.15, linewidth=0)
        axis.set(title=direction, xlabel="layer (0: embeddings)", ylim=(0, 100))
        axis.legend(fontsize="x-small")
    axes[0][0].set_ylabel("percent (95 % interval)")
    figure.suptitle(name)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "png", dpi=150)
    pyplot.close(figure)
