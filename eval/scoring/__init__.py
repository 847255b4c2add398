"""Scores of stored answers: what can be computed from case and answer, what a judge says, what ragas says."""

from eval.scoring.base import Scored, Scorer, ScoreValue, Stored, unscored

__all__ = ["ScoreValue", "Scored", "Scorer", "Stored", "unscored"]
