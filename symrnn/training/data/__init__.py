"""From a file to batches of NumPy arrays; nothing here knows a model or a kernel.

- `opening`     `open_data`: a file by how its name ends, or the notes' data by name
- `contract`    what it is asked (`Options`), and what it gives: a task, and batches of any data
- `labelled`    texts with labels, from tables (.csv, .tsv, .jsonl)
- `arrays`      sequences of numbers (.npz)
- `targets`     labels and arrays y as what is to be learned
- `examples`    both kinds as batches of similar lengths; some are kept apart
- `running`     a running text (.txt), read as it is needed, in streams side by side
- `text`        text files: whole, in pieces of whole tokens, in a first pass
- `vocabulary`  a text into words or characters, and these into ids
"""

from symrnn.training.data.contract import (
    Batch,
    Batches,
    Data,
    Known,
    Options,
    Position,
    Task,
    one_hot,
)
from symrnn.training.data.opening import open_data
from symrnn.training.data.vocabulary import Tokeniser, Vocabulary

__all__ = [
    "Batch",
    "Batches",
    "Data",
    "Known",
    "Options",
    "Position",
    "Task",
    "Tokeniser",
    "Vocabulary",
    "one_hot",
    "open_data",
]
