"""Explicit cross-lingual alignment in multilingual pre-training, as a plugin for stock fairseq.

The root stays light: it imports neither torch nor fairseq, so that ``data_prep`` starts at once. The functions of
`fairseq_alignmlm.api` are names of this package too, and are imported when they are first asked for.
``fairseq-train --user-dir fairseq_alignmlm`` imports the ``tasks`` and ``models`` folders by itself.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairseq_alignmlm.api import alignment, from_pretrained, read_results, score

__version__ = "0.1.0"
__all__ = ["alignment", "from_pretrained", "read_results", "score"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from fairseq_alignmlm import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
