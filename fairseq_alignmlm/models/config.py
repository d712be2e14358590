"""Settings of the multilingual encoder; the defaults are the paper's (Table 10)."""

from dataclasses import dataclass, field

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.utils import get_available_activation_fns

from fairseq_alignmlm.option_ranges import require_range

PositionInit = ChoiceEnum(["normal", "sinusoidal"])
ComputeDtype = ChoiceEnum(["float32", "tfloat32", "bfloat16"])
ActivationFn = ChoiceEnum(get_available_activation_fns())


@dataclass
class MultilingualRobertaConfig(FairseqDataclass):
    """RoBERTa of the paper: 8 layers, 8 heads, hidden 512, FFN 2048, post-LN (Table 10, appendix H)."""

    encoder_layers: int = field(default=8, metadata={"help": "number of encoder layers"})
    encoder_embed_dim: int = field(default=512, metadata={"help": "hidden size H"})
    encoder_ffn_embed_dim: int = field(default=2048, metadata={"help": "inner size of the feed-forward block"})
    encoder_attention_heads: int = field(default=8, metadata={"help": "number of attention heads"})
    activation_fn: ActivationFn = field(default="gelu", metadata={"help": "activation of the feed-forward block"})  # type: ignore[valid-type]
    pooler_activation_fn: ActivationFn = field(  # type: ignore[valid-type]
        default="tanh", metadata={"help": "activation of a sentence classification head"}
    )
    encoder_normalize_before: bool = field(
        default=False, metadata={"help": "layer norm before each block (pre-LN) instead of after it"}
    )
    layernorm_embedding: bool = field(default=True, metadata={"help": "layer norm on the summed embeddings"})
    no_layernorm_embedding: bool = field(default=False, metadata={"help": "leave that layer norm out"})
    dropout: float = field(default=0.1, metadata={"help": "dropout on embeddings and residual branches"})
    attention_dropout: float = field(default=0.1, metadata={"help": "dropout on attention weights"})
    activation_dropout: float = field(default=0.0, metadata={"help": "dropout after the activation"})
    pooler_dropout: float = field(default=0.0, metadata={"help": "dropout in a classification head"})
    max_positions: int = field(default=512, metadata={"help": "longest input, in tokens"})
    language_embeddings: bool = field(
        default=False, metadata={"help": "add a learned embedding per language (XLM and DICT-MLM, G.3)"}
    )
    layer_norm_eps: float = field(
        default=1e-5, metadata={"help": "added to the variance in every layer norm; BERT and DistilBERT have 1e-12"}
    )
    language_positions: bool = field(
        default=False,
        metadata={"help": "position embeddings of its own for every language (a control of Dufter and Schuetze 2020)"},
    )
    language_specials: bool = field(
        default=False,
        metadata={"help": "<s>, </s>, <unk> and <mask> of its own for every language (a control, likewise)"},
    )
    init_std: float = field(default=0.02, metadata={"help": "standard deviation of initial weights"})
    position_init: PositionInit = field(  # type: ignore[valid-type]
        default="normal",
        metadata={
            "help": "initial position embeddings: 'normal' (BERT) or 'sinusoidal', which lets small models "
            "leave the unigram plateau sooner; both are trained"
        },
    )
    compute_dtype: ComputeDtype = field(  # type: ignore[valid-type]
        default="float32",
        metadata={
            "help": "tfloat32: float32 with matrix products in TF32, on GPUs alone. bfloat16: matrix products in "
            "bfloat16, weights and their updates in float32, on CPU and GPU (fairseq-train's own --bf16 means TPUs)"
        },
    )
    load_checkpoint_heads: bool = field(
        default=False, metadata={"help": "register the classification heads that a checkpoint holds"}
    )
    compile_layers: bool = field(
        default=False,
        metadata={
            "help": "compile each layer with torch.compile, for long runs: the first updates take half a minute more, "
            "the others some 8 per cent less on a CPU, where a C++ compiler is needed; dropout draws other masks"
        },
    )
    checkpoint_activations: bool = field(
        default=False, metadata={"help": "recompute each layer in the backward pass to save memory"}
    )
    min_params_to_wrap: int = field(
        default=int(1e8), metadata={"help": "smallest layer that --ddp-backend fully_sharded wraps"}
    )


def check_settings(cfg: MultilingualRobertaConfig) -> None:
    """Refuse sizes and rates that no model has.

    Raises:
        InputError: a number is not finite, or out of its range.
    """
    for name in ("encoder_layers", "encoder_embed_dim", "encoder_ffn_embed_dim", "encoder_attention_heads"):
        require_range(f"--{name.replace('_', '-')}", getattr(cfg, name), 1)
    require_range("--max-positions", cfg.max_positions, 1)
    for name in ("dropout", "attention_dropout", "activation_dropout", "pooler_dropout"):
        require_range(f"--{name.replace('_', '-')}", getattr(cfg, name), 0, 1)
    require_range("--init-std", cfg.init_std, 0, above=True)
    require_range("--layer-norm-eps", cfg.layer_norm_eps, 0, above=True)
