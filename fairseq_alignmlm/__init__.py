"""Explicit cross-lingual alignment in multilingual pre-training, as a plugin for stock fairseq.

The root stays light: it imports neither torch nor fairseq, so that ``data_prep`` starts at once.
``fairseq-train --user-dir fairseq_alignmlm`` imports the ``tasks`` and ``models`` folders by itself.
"""

__version__ = "0.1.0"
