"""From a file to batches of NumPy arrays; nothing here knows a model or a kernel.

- `opening`     `open_data`: a file by how its name ends, or the notes' data by name; `options`
- `task`, `batch`   what there is to learn; what a trainer sees of any data
- `tokens`, `vocabulary`, `counting`   a text into words or characters, and these into ids
- `labelled`    texts with labels, from `tables` (.csv, .tsv, .jsonl) and `labels`
- `arrays`      sequences of numbers (.npz); `targets` says what y may be
- `notes`       the notes' data
- `sequences`   all of these as batches of similar lengths (`buckets`); `split` keeps some apart
- `running`     a running text (.txt), read as it is needed: `scan` is the first pass, `windows`
                what stands where, `pieces` the file in whole tokens
- `files`       where a text begins, and where it is no UTF-8
"""

from symrnn.training.data.batch import Batch, Batches, Data, Position
from symrnn.training.data.opening import open_data
from symrnn.training.data.options import Known, Options
from symrnn.training.data.task import Task, one_hot
from symrnn.training.data.tokens import Tokeniser
from symrnn.training.data.vocabulary import Vocabulary

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
