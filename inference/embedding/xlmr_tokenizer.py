"""Write the files of an XLM-RoBERTa tokenizer from its vocabulary.

There are two files for the same tokenizer: `tokenizer.json` for transformers, and
`sentencepiece.bpe.model`, which takes a quarter of the memory and encodes several times faster
(docs/decisions/003-model-server.md). Both have the form of the XLM-R family on the Hugging Face
hub. Its ids are shifted: those of SentencePiece are <unk> 0, <s> 1, </s> 2, then the pieces; those
of the model are <s> 0, <pad> 1, </s> 2, <unk> 3, then the pieces. So a piece's id in the model is
one more than in SentencePiece.
"""

import json
from pathlib import Path

from sentencepiece import SentencePieceNormalizer
from sentencepiece.sentencepiece_model_pb2 import (  # type: ignore[attr-defined]  # made by protobuf
    ModelProto,
    NormalizerSpec,
)
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    normalizers,
    pre_tokenizers,
    processors,
)
from tokenizers.models import Unigram

from inference.embedding.tokenizer import SENTENCEPIECE_FILE

Piece = tuple[str, float]  # text, log probability

SPECIAL_PIECES = ["<s>", "<pad>", "</s>", "<unk>"]
MASK = "<mask>"


def write_tokenizer(pieces: list[Piece], target: Path, *, max_tokens: int) -> None:
    """Write both files, and their configuration for transformers, to the folder `target`.

    `pieces` are in the model's order: the four special pieces first, `<mask>` last. Raises
    ValueError otherwise.
    """
    if [text for text, _ in pieces[:4]] != SPECIAL_PIECES or pieces[-1][0] != MASK:
        raise ValueError("not the vocabulary of an XLM-R tokenizer")
    normaliser = _nmt_nfkc()
    model = _sentencepiece_model(pieces, normaliser)
    (target / SENTENCEPIECE_FILE).write_bytes(model.SerializeToString())
    tokenizer = _fast_tokenizer(pieces, normaliser.precompiled_charsmap)
    tokenizer.save(str(target / "tokenizer.json"))
    configuration = {
        "tokenizer_class": "XLMRobertaTokenizerFast",
        "model_max_length": max_tokens,
        **{f"{role}_token": "<s>" for role in ("bos", "cls")},
        **{f"{role}_token": "</s>" for role in ("eos", "sep")},
        **{f"{role}_token": f"<{role}>" for role in ("pad", "unk", "mask")},
    }
    (target / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2))


def _nmt_nfkc() -> NormalizerSpec:
    """Return XLM-R's normaliser: NFKC, all spaces to U+0020, control characters removed."""
    model = ModelProto()
    model.ParseFromString(SentencePieceNormalizer(rule_name="nmt_nfkc").serialized_model_proto())
    return model.normalizer_spec


def _sentencepiece_model(pieces: list[Piece], normaliser: NormalizerSpec) -> ModelProto:
    model = ModelProto()
    model.pieces.add(piece="<unk>", score=0.0, type=ModelProto.SentencePiece.UNKNOWN)
    for text in ("<s>", "</s>"):
        model.pieces.add(piece=text, score=0.0, type=ModelProto.SentencePiece.CONTROL)
    for text, score in pieces[4:-1]:
        model.pieces.add(piece=text, score=score, type=ModelProto.SentencePiece.NORMAL)
    model.trainer_spec.vocab_size = len(model.pieces)
    model.normalizer_spec.CopyFrom(normaliser)
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = True
    model.normalizer_spec.escape_whitespaces = True
    return model


def _fast_tokenizer(pieces: list[Piece], charsmap: bytes) -> Tokenizer:
    tokenizer = Tokenizer(Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([*SPECIAL_PIECES, AddedToken(MASK, lstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer
