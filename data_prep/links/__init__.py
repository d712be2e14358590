"""Word links of translated sentences: made, filtered, and written for training."""
