"""Tasks. fairseq imports this folder and `models`; the criterions and optimisers are brought in here."""

from fairseq_alignmlm import criterions, optimizers  # noqa: F401
from fairseq_alignmlm.errors import show_input_errors_in_one_line

show_input_errors_in_one_line()
