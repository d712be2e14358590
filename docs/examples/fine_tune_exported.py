"""Fine-tune an exported model as a tagger with plain transformers: neither fairseq nor this package is needed.

python docs/examples/fine_tune_exported.py FOLDER train-en.tsv [STEPS]

Training data are `token TAB tag` lines, with a blank line after a sentence.
"""

import sys

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

IGNORED, BATCH = -100, 16


def read(path: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the words and the tags of every sentence."""
    with open(path, encoding="utf-8") as handle:
        blocks = [block.splitlines() for block in handle.read().strip().split("\n\n")]
    rows = [[line.split("\t") for line in block] for block in blocks]
    return [(tuple(word for word, _ in block), tuple(tag for _, tag in block)) for block in rows]


def main(folder: str, data: str, steps: int = 20) -> None:
    """Train and print the loss of every step."""
    sentences = read(data)
    tags = sorted({tag for _, found in sentences for tag in found})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(tags))
    longest = model.config.max_position_embeddings - 2
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    torch.manual_seed(0)
    for step in range(steps):
        start = step * BATCH % len(sentences)
        words, found = zip(*sentences[start : start + BATCH], strict=True)
        options = {"padding": True, "truncation": True, "max_length": longest, "return_tensors": "pt"}
        batch = tokenizer(list(map(list, words)), is_split_into_words=True, **options)
        labels = torch.full(batch["input_ids"].shape, IGNORED)
        for row, sentence in enumerate(found):
            owners = batch.word_ids(row)
            for place, owner in enumerate(owners):
                if owner is not None and owner != owners[place - 1]:  # the first piece of a word has its tag
                    labels[row, place] = tags.index(sentence[owner])
        loss = model(**batch, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"step {step + 1}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 20)
