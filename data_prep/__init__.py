"""Text to derived corpora to binarized data: pure functions, and thin commands that stream files."""
