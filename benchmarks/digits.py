"""Handwritten digits, read row by row: 8 steps of 8 pixels, ten classes (scikit-learn's own set).

Three splits, a quarter of each for the test. Learning rate and dropout are chosen by threefold
cross-validation on the other three quarters, and then all of these train the network.

make bench        (one BLAS thread; needs scikit-learn)
"""

import importlib.util
from typing import Any

import numpy as np

from symrnn.language.arrays import Array
from symrnn.training import SequenceClassifier

MODELS = {"elman": 0.96, "lstm": 0.97}
"""The accuracy that each has to reach, in the mean of the splits."""
SEEDS = (0, 1, 2)
SECONDS = 60.0
SETTINGS: dict[str, Any] = {"hidden": 64, "epochs": 60}
GRID = {"learning_rate": [0.005, 0.01], "dropout": [0.0, 0.3]}


def main() -> None:
    if importlib.util.find_spec("sklearn") is None:
        print("digits: scikit-learn is not installed, and so its data is not there")
        return
    for name, wanted in MODELS.items():
        print(f"\n{name}, {', '.join(f'{key} {value}' for key, value in SETTINGS.items())}")
        found = [searched(name, seed) for seed in SEEDS]
        accuracy = float(np.mean([right for right, _ in found]))
        slowest = max(seconds for _, seconds in found)
        holds = accuracy >= wanted and slowest < SECONDS
        print(
            f"  mean {accuracy:.2%}, at least {wanted:.0%} wanted; a fit took at most"
            f" {slowest:.1f} s, less than {SECONDS:.0f} s wanted: {'yes' if holds else 'NO'}"
        )


def searched(name: str, seed: int) -> tuple[float, float]:
    """Accuracy on the test part, and the seconds of the last fit; what is chosen is printed."""
    from sklearn.model_selection import GridSearchCV

    learn, test, known, asked = split(seed)
    net = SequenceClassifier(name, random_state=seed, **SETTINGS)
    search = GridSearchCV(net, GRID, cv=3).fit(learn, known)
    accuracy, seconds = float(search.score(test, asked)), float(search.refit_time_)
    chosen = ", ".join(f"{key} {value}" for key, value in sorted(search.best_params_.items()))
    print(f"  seed {seed}: {accuracy:.2%} in {seconds:4.1f} s, chosen: {chosen}")
    return accuracy, seconds


def split(seed: int) -> tuple[Array, Array, Array, Array]:
    """To learn and to test: pictures (n, 8, 8) from 0 to 1, and their digits."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, digits = load_digits(return_X_y=True)
    rows = pixels.reshape(-1, 8, 8) / 16
    learn, test, known, asked = train_test_split(
        rows, digits, test_size=0.25, stratify=digits, random_state=seed
    )
    return learn, test, known, asked


if __name__ == "__main__":
    main()
