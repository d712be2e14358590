"""A tour of the Python API. After `recipes/quickstart.sh`:

python docs/examples/api_tour.py work/toy/en-en_trans_inv work/toy/en-en_trans_inv/runs/align_mlm-1/pretrained.pt
"""

import sys

import data_prep
import fairseq_alignmlm


def main(pair: str, checkpoint: str, results: str | None = None) -> None:
    """Show each function once."""
    # 1. Put a sentence into the order of a derived language.
    print("inverted:", " ".join(data_prep.derive(["the", "dog", "sees", "a", "cat", "."], ["inv"])))

    # 2. Load a checkpoint with the files of its language pair.
    model = fairseq_alignmlm.from_pretrained(checkpoint, pair)
    source, derived = model.languages[:2]
    print("languages:", source, derived)

    # 3. Hidden states of a sentence: (1, T, H) for each layer, the embeddings first.
    sentence = model.decode(model.encode("the dog sees a cat ."))
    states = model.extract_features(model.encode(sentence, source), source, return_all_hiddens=True)
    print("layers:", len(states) - 1, "shape:", tuple(states[-1].shape))

    # 4. The likeliest pieces for a masked one.
    for filling in model.fill_mask("the <mask> .", topk=3, language=source):
        print(f"{100 * filling.probability:5.1f} %  {filling.sentence}")

    # 5. How well do the words of two languages align? Rows are in the order of counterparts.tsv.
    words, counterparts = model.counterpart_embeddings()
    print(f"alignment: {fairseq_alignmlm.alignment(words, counterparts):.1f} %")

    # 6. All numbers of finished runs as a pandas table.
    if results:
        table = fairseq_alignmlm.read_results(results)
        print(
            table[table.direction.isin(["sup", "zs"])].pivot_table(
                index="objective", columns="metric", values="percent"
            )
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
