"""The folders that XTREME's scripts make of what is downloaded, and the labels that they take out."""
