"""The learning curve in a training log."""

from __future__ import annotations

from fairseq_alignmlm.evaluation.training_log import read_curve

LINE = "2026-01-01 00:00:00 | INFO | train_inner | epoch 001:    100 / 900 {}, ppl=4, num_updates={}, lr=0.1, wall=1\n"


def test_masked_token_loss_is_read_where_other_losses_are_added(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(LINE.format("loss=-4.2, mlm_loss=9.921, align_loss=-0.98", 100) + LINE.format("loss=8.5", 200))
    assert read_curve(path) == {"updates": [100, 200], "loss": [9.921, 8.5]}


def test_a_continued_log_counts_its_later_part_and_other_lines_do_not_matter(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(
        "\n".join([LINE.format("loss=9", 100), "num_updates=5, loss=1", LINE.format("loss=7", 200)])
        + LINE.format("loss=8", 100)
        + LINE.format("loss=nan", 300)
    )
    assert read_curve(path) == {"updates": [100, 200], "loss": [8, 7]}


def test_long_curves_are_thinned_and_keep_their_end(tmp_path):
    path = tmp_path / "train.log"
    path.write_text("".join(LINE.format(f"loss={number}", number) for number in range(1, 1002)))
    curve = read_curve(path, points=100)
    assert len(curve["updates"]) <= 100
    assert curve["updates"][-1] == 1001
    assert curve["updates"] == curve["loss"]


def test_a_missing_log_is_an_empty_curve(tmp_path):
    assert read_curve(tmp_path / "train.log") == {"updates": [], "loss": []}
