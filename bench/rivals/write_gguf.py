"""Write a GGUF file of random f32 weights with the shapes of a bench model.

llama.cpp's speed does not depend on the values. The head is tied to the
embedding, so there is no output matrix; there is no tokenizer either.
"""

import argparse
import json
import pathlib

import gguf
import numpy as np


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True)
    p.add_argument("--out", required=True)
    a = p.parse_args()

    shapes = json.loads((pathlib.Path(__file__).parent / "shapes.json").read_text())
    s, vocab = shapes["models"][a.model], shapes["vocab"]
    hidden, inner = s["hidden"], s["inner"]

    w = gguf.GGUFWriter(a.out, "llama")
    w.add_context_length(shapes["max_positions"])
    w.add_vocab_size(vocab)
    w.add_embedding_length(hidden)
    w.add_feed_forward_length(inner)
    w.add_block_count(s["layers"])
    w.add_head_count(s["heads"])
    w.add_head_count_kv(s["heads"])
    w.add_rope_dimension_count(hidden // s["heads"])
    w.add_rope_freq_base(shapes["rope_theta"])
    w.add_layer_norm_rms_eps(shapes["rms_norm_eps"])
    w.add_file_type(gguf.LlamaFileType.ALL_F32)
    w.add_tokenizer_model("none")

    random = np.random.default_rng(1)

    def matrix(name, rows, cols):
        w.add_tensor(name + ".weight", (random.standard_normal((rows, cols)) * 0.02).astype(np.float32))

    def ones(name):
        w.add_tensor(name + ".weight", np.ones(hidden, np.float32))

    matrix("token_embd", vocab, hidden)
    ones("output_norm")
    for i in range(s["layers"]):
        at = f"blk.{i}."
        ones(at + "attn_norm")
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(at + name, hidden, hidden)
        ones(at + "ffn_norm")
        matrix(at + "ffn_gate", inner, hidden)
        matrix(at + "ffn_up", inner, hidden)
        matrix(at + "ffn_down", hidden, inner)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    main()
