"""The figures of merit, against values worked out by hand."""

from __future__ import annotations

from math import log2

import pytest

from assistant.evaluation.measures import (
    RANKING_KEYS,
    area_under,
    mean,
    percentile,
    ranking_measures,
    risk_coverage,
    set_f1,
)


def test_ranking_figures_are_those_of_the_formulas() -> None:
    """One query, two relevant documents, found second and fourth."""
    found = ranking_measures({"q": {"b": 1, "d": 1, "z": 0}}, {"q": ["a", "b", "c", "d"]})
    ideal = 1 / log2(2) + 1 / log2(3)
    assert found == pytest.approx(
        {
            "ndcg@10": (1 / log2(3) + 1 / log2(5)) / ideal,
            "mrr@10": 1 / 2,
            "recall@1": 0,
            "recall@3": 1 / 2,
            "recall@5": 1,
            "recall@10": 1,
        }
    )


def test_grades_weigh_as_in_trec_eval() -> None:
    """The gain is linear: grade 2 first and grade 1 second is ideal; the other way is not."""
    grades = {"q": {"a": 2, "b": 1}}
    assert ranking_measures(grades, {"q": ["a", "b"]})["ndcg@10"] == pytest.approx(1)
    swapped = (1 + 2 / log2(3)) / (2 + 1 / log2(3))
    assert ranking_measures(grades, {"q": ["b", "a"]})["ndcg@10"] == pytest.approx(swapped)


@pytest.mark.parametrize("run", [{"one": ["a"]}, {"one": ["a"], "two": []}, {"one": ["a"], "two": ["x"]}])
def test_a_query_without_a_result_counts_for_zero(run: dict[str, list[str]]) -> None:
    """Missing from the run, empty, or all wrong: it stays in the mean."""
    found = ranking_measures({"one": {"a": 1}, "two": {"b": 1}}, run)
    assert found == pytest.approx(dict.fromkeys(RANKING_KEYS, 0.5))


def test_a_run_that_found_nothing_scores_zero() -> None:
    """No result for any query is the worst run, not an error."""
    assert ranking_measures({"one": {"a": 1}}, {}) == dict.fromkeys(RANKING_KEYS, 0.0)


def test_no_query_has_no_figures() -> None:
    """A mean over nothing is not zero."""
    assert ranking_measures({}, {}) == dict.fromkeys(RANKING_KEYS)


def test_the_order_of_the_run_decides_not_the_ids() -> None:
    """trec_eval breaks ties of score by id: our ranks must never tie."""
    assert ranking_measures({"q": {"a": 1}}, {"q": ["a", "z"]})["mrr@10"] == 1
    assert ranking_measures({"q": {"z": 1}}, {"q": ["z", "a"]})["mrr@10"] == 1


def test_the_mean_leaves_out_what_is_unknown() -> None:
    """None is not zero."""
    assert mean([True, None, False, 0.5]) == pytest.approx(0.5)
    assert mean([None]) is None


def test_percentiles_are_values_that_were_measured() -> None:
    """Nearest rank, no interpolation."""
    values = [float(n) for n in range(20, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile(values, 1.0)) == (10, 19, 20)
    assert percentile([], 0.5) is None


def test_f1_of_sets() -> None:
    """Two of three found, one too many."""
    assert set_f1(frozenset("abx"), frozenset("abc")) == pytest.approx(2 / 3)
    assert set_f1(frozenset(), frozenset("a")) == 0
    assert set_f1(frozenset(), frozenset()) == 1


def test_the_risk_coverage_curve_counts_wrong_answers_as_coverage_grows() -> None:
    """Equal confidences are answered together."""
    points = risk_coverage([(0.9, True), (0.5, False), (0.7, True), (0.5, True)])
    assert points == [(0.9, 1 / 4, 0.0), (0.7, 2 / 4, 0.0), (0.5, 1.0, 1 / 4)]
    assert area_under(points) == pytest.approx(0.5 * (0 + 1 / 4) / 2)
    assert area_under([]) is None
