"""French text: normalisation, tokens, sentences, typography. No dependency on other modules."""

from assistant.text.normalise import clean, fold, squeeze
from assistant.text.sentences import split_sentences
from assistant.text.spelling import Spelling
from assistant.text.tokens import STOP_WORDS, correct, tokens

__all__ = ["STOP_WORDS", "Spelling", "clean", "correct", "fold", "split_sentences", "squeeze", "tokens"]
