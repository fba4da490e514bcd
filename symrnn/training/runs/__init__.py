"""Runs: a directory that a model is trained in, goes on from, and predicts from.

session      a run made ready, from its beginning or from a checkpoint
trained      a run directory, read to predict with
config       what it was started with: config.json
head, roles  a model for a task: its head, its widths; which of its names is fed with what
masks        dropout and zoneout by a probability
kernels      the generated kernels, and batches as their inputs
train        its data fed into the loop of training, checkpoints, Ctrl-C between two steps
checkpoint   everything that going on needs, in one file
folder       the directory: complete or not at all
log          metrics.jsonl
scores       loss and metric over batches; `evaluate` on data
predict      what a trained model says of sequences
sample       text from a language model
plot         loss.png
progress     how it goes, on a terminal or in lines
"""
