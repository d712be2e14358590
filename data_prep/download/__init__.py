"""Public data sets: a table of them, a resumable checked transfer, and extraction that cannot leave its folder."""
