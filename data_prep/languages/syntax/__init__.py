"""Word order from dependency trees: CoNLL-U, ordering models, reordering, training, parsing."""
