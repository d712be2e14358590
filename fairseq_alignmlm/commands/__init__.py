"""The verbs of ``python -m fairseq_alignmlm``: one file a verb, found by listing this folder."""
