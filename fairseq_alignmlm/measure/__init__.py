"""How aligned a model is, layer by layer: words, words in context, sentences, similarity of representations."""
