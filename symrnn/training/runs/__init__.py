"""Runs: a directory that a model is trained in, goes on from, and predicts from.

session       a run made ready, from its beginning or from a checkpoint
config        what it was started with: config.json
architecture  a model for a task: its head, its widths, its masks; what its names are fed with
trained       the generated kernels, batches as their inputs; a run directory to predict with
train         its data fed into the loop of training; checkpoints
checkpoint    everything that going on needs, in one file
stopping      Ctrl-C, and a polite request to end
folder        the directory: complete or not at all
log           metrics.jsonl, and loss.png
flow_watch    how the gradient flows meanwhile
tensorboard   the same lines as events for TensorBoard
scores        loss and metric over batches; `evaluate` on data
predict       what a trained model says of sequences; text from a language model
display       how it goes, on a terminal or in lines; what is said at its end
"""
