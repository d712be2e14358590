"""Tasks. fairseq imports this folder and `models`, but not the criterions, so they are brought in here."""

from fairseq_alignmlm import criterions  # noqa: F401
from fairseq_alignmlm.errors import show_input_errors_in_one_line

show_input_errors_in_one_line()
