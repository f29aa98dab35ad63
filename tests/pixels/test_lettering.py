from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.pixels.lettering import ascii_of, lettering, shortened

WHITE = (255, 255, 255)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("golden retriever", "golden retriever"),
        ("Löwchen", "Lowchen"),
        ("Český teriér", "Cesky terier"),
        ("Große Schweizer", "Grosse Schweizer"),
        ("Ærø – “køter”", 'AEro - "koter"'),  # noqa: RUF001 - that is the point
        ("犬 pug", "? pug"),
        ("a\nb\tc", "a b c"),
        ("1×2 µm…", "1x2 ?m..."),  # noqa: RUF001
    ],
)
def test_letters_become_their_nearest_ascii(text, expected):
    assert ascii_of(text) == expected


@given(st.text(max_size=40))
def test_the_result_is_always_printable_ascii(text):
    assert all(" " <= mark <= "~" for mark in ascii_of(text))


@pytest.mark.parametrize("capital", [7, 9, 13, 20, 40])
def test_a_capital_has_the_height_that_was_asked_for(capital):
    picture = lettering("H", capital, WHITE).max(axis=2)
    rows = (picture > 100).any(axis=1).nonzero()[0]
    assert abs(int(rows[-1] - rows[0] + 1) - capital) <= max(1, capital // 8)


@pytest.mark.parametrize("capital", [7, 9, 13, 20, 40])
def test_nothing_is_cut_off(capital):
    picture = lettering("gjpqy|ÅW".replace("Å", "A"), capital, WHITE).max(axis=2)
    wide = lettering("gjpqy|AW   ", capital, WHITE).max(axis=2)
    assert (picture[-1] < 200).all()
    assert (wide[:, picture.shape[1] :] == 0).all()


@given(text=st.text("abcdefghijklmnop WM", min_size=1, max_size=40), width=st.integers(0, 400))
def test_shortened_words_fit(text, width):
    words = shortened(text, 12, width)
    if words:
        assert lettering(words, 12, WHITE).shape[1] <= max(width, 1)
    assert words in (text, "") or words.endswith("..")


def test_words_that_fit_stay_as_they_are():
    assert shortened("pug", 12, 400) == "pug"
    assert shortened("a very long name of a breed", 12, 120).startswith("a very")
