"""What texts became is remembered, and nothing else changes."""

from coterie.lang.lql.recall import MOST_TEXTS, Recall, recall_of


def test_a_text_is_read_once() -> None:
    read: list[str] = []

    def measure(text: str) -> int:
        read.append(text)
        return len(text)

    recall = Recall(measure)

    found = [recall[text] for text in ("a", "bb", "a")]

    assert (found, read) == ([1, 2, 1], ["a", "bb"])


def test_values_that_somebody_could_change_are_made_anew() -> None:
    recall = Recall(lambda text: [text])

    assert recall["a"] is not recall["a"]


def test_long_texts_are_not_kept_and_no_more_than_so_many() -> None:
    recall = Recall(len)
    for number in range(MOST_TEXTS + 5):
        assert recall[str(number)] == len(str(number))

    assert recall["x" * 100] == 100
    assert "x" * 100 not in recall
    assert len(recall) <= MOST_TEXTS


def test_a_fault_is_no_value_and_what_has_none_is_not_made_to_fit() -> None:
    recall = recall_of(lambda text: None if text == "none" else int(text), lambda value: value)

    assert (recall["1"], recall["x"], recall["none"]) == (1, None, None)
