"""Models: importing this package registers `multilingual_roberta` and its sizes with fairseq."""

from fairseq_alignmlm.models import multilingual_roberta  # noqa: F401
