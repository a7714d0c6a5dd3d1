"""The words of Chinese text, as jieba cuts it, and how often they repeat."""

import sys

try:
    import jieba
except ImportError:
    sys.exit(f"the Python package jieba is not installed; install it with: {sys.executable} -m pip install jieba")

jieba.initialize()  # before the first call, whose time is bounded


def penalty(text):
    words = list(jieba.cut(text))
    if not text or len(words) < NGRAM_SIZE:
        return 0.0
    total, seen = 0, set()
    for gram in zip(*(words[i:] for i in range(NGRAM_SIZE))):
        total += 1
        seen.add(gram)
    return (1 - len(seen) / total) * MAX_PENALTY


def repetition(completions, **_):
    return [penalty(text) for text in completions]
