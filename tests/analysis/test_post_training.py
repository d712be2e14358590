"""The table of what training on sentence pairs changes, from files as the recipe leaves them."""

from __future__ import annotations

import json

import pytest

from fairseq_alignmlm.analysis.post_training import changes
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.run.pair_folder import PairFolder
from fairseq_alignmlm.run.recipes.ppa import held_out


def write(folder, objective, seed, zs, accuracy):
    folder.mkdir(parents=True)
    transfer = {"pos": {"en": {"span_f1_1.2.2": 90.0}, "zs": {"span_f1_1.2.2": zs}}}
    result = {"objective": objective, "pair": "en-xx", "transformation": "trans", "scale": "toy", "seed": seed}
    result |= {"languages": ["en", "xx"], "alignment": {"all": 1.0}, "transfer": transfer, "train_seconds": 1.0}
    (folder / "result.json").write_text(json.dumps(result))
    for name in ("en-xx", "xx-en"):
        (folder / f"retrieval-{name}.json").write_text(json.dumps({"accuracy": accuracy}))
    return folder


def test_scores_before_and_after_are_means_over_seeds(tmp_path):
    runs = [
        (
            write(tmp_path / f"mlm-{seed}", "mlm", seed, 20.0 + seed, 10.0),
            write(tmp_path / f"ppa_moco-{seed}", "ppa_moco", seed, 30.0 + seed, 50.0 + 4 * seed),
        )
        for seed in (1, 3)
    ]
    table = changes(runs, ("en", "xx"))
    cells = dict(zip(table.header, table.rows[0], strict=True))
    assert len(table.rows) == 1 and (cells["objective"], cells["seeds"]) == ("PPA (MoCo)", "2")
    assert cells["retrieval en to xx before"] == "10.0 ± 0.0"
    assert cells["retrieval xx to en after"] == "58.0 ± 5.7"
    assert (cells["POS ZS before"], cells["POS ZS after"]) == ("22.0 ± 1.4", "32.0 ± 1.4")
    (runs[0][1] / "retrieval-en-xx.json").write_text('{"accuracy": NaN}')
    with pytest.raises(
        InputError, match=r"retrieval-en-xx\.json: is no result of retrieve; run alignmlm run ppa again"
    ):
        changes(runs, ("en", "xx"))


def testheld_out_sentences_are_asked_for_where_there_are_none(tmp_path):
    pair = PairFolder(tmp_path, ("en", "fr"), "natural", "toy", "natural")
    with pytest.raises(InputError, match="holds no parallel text for validation; give --held-out FILE,FILE"):
        held_out(pair, None)
    with pytest.raises(InputError, match="give one file of each language"):
        held_out(pair, "one")
    (tmp_path / "parallel").mkdir()
    for name in ("en", "fr"):
        (tmp_path / "parallel" / f"valid.en-fr.{name}.idx").write_text("")
    assert [path.name for path in held_out(pair, None)] == ["valid.en-fr.en", "valid.en-fr.fr"]
