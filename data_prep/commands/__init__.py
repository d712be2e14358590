"""The verbs of ``python -m data_prep``: one file a verb, found by listing this folder."""
