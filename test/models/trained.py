"""Small networks trained on scikit-learn's digits, breast-cancer and wine data, with labelled samples.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import pathlib
import warnings

import numpy as np

from .recipe import Unavailable, models_dir

# Raised whenever what is trained, or how, changes.
VERSION = 1
NAMES = ("digits_mlp", "cancer_mlp", "wine_mlp", "digits_cnn", "digits_depthwise", "digits_transformer", "digits_lstm")


@dataclasses.dataclass(frozen=True)
class Trained:
    """`calibration` holds inputs alone, `evaluation` others of them and `label`."""

    model: pathlib.Path
    calibration: pathlib.Path
    evaluation: pathlib.Path


def data(name: str):
    """Inputs and labels, shuffled; inputs with zero mean and unit variance by column."""
    from sklearn import datasets

    load = {"digits": datasets.load_digits, "cancer": datasets.load_breast_cancer, "wine": datasets.load_wine}
    x, y = load[name.split("_")[0]](return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x = (x - x.mean(0)) / (x.std(0) + 1e-3) if not name.startswith("digits") else x / 16
    return x[order].astype(np.float32), y[order].astype(np.int64)


def network(name: str, inputs: int, classes: int):
    """The module, untrained; it takes [batch, inputs]."""
    import torch
    from torch import nn

    class Rows(nn.Module):
        """An image of 8x8 as a sequence of its rows."""

        def __init__(self):
            super().__init__()
            if name.endswith("lstm"):
                self.body = nn.LSTM(8, 48, num_layers=2, batch_first=True)
                self.head = nn.Linear(48, classes)
            else:
                self.enter = nn.Linear(8, 32)
                self.place = nn.Parameter(torch.randn(8, 32) * 0.1)
                self.layers = nn.ModuleList(Block() for _ in range(3))
                self.head = nn.Linear(32, classes)

        def forward(self, x):
            x = x.reshape(-1, 8, 8)
            if name.endswith("lstm"):
                return self.head(self.body(x)[0][:, -1])
            x = self.enter(x) + self.place
            for layer in self.layers:
                x = layer(x)
            return self.head(x.mean(1))

    class Block(nn.Module):
        """Attention of four heads, and two linear layers, each after a norm and beside a path of its own."""

        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(32), nn.LayerNorm(32)
            self.qkv, self.out = nn.Linear(32, 96), nn.Linear(32, 32)
            self.up, self.down = nn.Linear(32, 128), nn.Linear(128, 32)

        def forward(self, x):
            q, k, v = self.qkv(self.norm1(x)).reshape(-1, 8, 3, 4, 8).permute(2, 0, 3, 1, 4)
            weights = torch.softmax(q @ k.transpose(-1, -2) / 8**0.5, -1)
            x = x + self.out((weights @ v).transpose(1, 2).reshape(-1, 8, 32))
            return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))

    def separable(channels, to):
        return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.BatchNorm2d(channels),
                             nn.ReLU6(), nn.Conv2d(channels, to, 1), nn.BatchNorm2d(to), nn.ReLU6())

    image = nn.Unflatten(1, (1, 8, 8))
    if name.endswith("cnn"):
        return nn.Sequential(image, nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
                             nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                             nn.Linear(64, classes))
    if name.endswith("depthwise"):
        return nn.Sequential(image, nn.Conv2d(1, 24, 3, padding=1), nn.ReLU6(), separable(24, 48), separable(48, 48),
                             nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, classes))
    if name.endswith("mlp"):
        return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, classes))
    return Rows()


def train(name: str, path: pathlib.Path, x, y) -> None:
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(2)
    module = network(name, x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    with torch.enable_grad():
        for epoch in range(25):
            for rows in torch.randperm(len(inputs)).split(64):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(module(inputs[rows]), labels[rows]).backward()
                optimizer.step()
            for group in optimizer.param_groups:
                group["lr"] *= 0.9
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (inputs[:1],), path, input_names=["x"], output_names=["y"], opset_version=17,
                          dynamo=False)


def trained(name: str) -> Trained:
    """Trains the network once; later calls find it in the cache. Raises Unavailable without PyTorch and scikit-learn."""
    folder = models_dir().parent / "trained" / f"{VERSION}"
    result = Trained(*(folder / f"{name}{suffix}" for suffix in (".onnx", ".calibration.npz", ".eval.npz")))
    if result.evaluation.exists():
        return result
    try:
        import sklearn  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise Unavailable(f"it needs {error.name}: run scripts/setup --models") from None
    folder.mkdir(parents=True, exist_ok=True)
    x, y = data(name)
    half = len(x) // 2
    temporary = result.model.with_suffix(".new")
    train(name, temporary, x[:half], y[:half])
    temporary.replace(result.model)
    np.savez(result.calibration, x=x[:min(half, 128), None])
    # Written last.
    temporary = result.evaluation.with_suffix(".new.npz")
    np.savez(temporary, x=x[half:, None], label=y[half:])
    temporary.replace(result.evaluation)
    return result
