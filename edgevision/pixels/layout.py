"""What the overlay says and where: decided before a single pixel is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from edgevision.pixels.lettering import ascii_of, below, lettering, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.pixels.lettering import Colour
    from edgevision.values.box import Box
    from edgevision.values.report import Report
    from edgevision.values.result import Decision, Guess, Result

Area: TypeAlias = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are not part of it."""

WHITE: Colour = (240, 240, 240)
GREY: Colour = (196, 196, 196)
ACCENT: dict[str, Colour] = {
    "seen": (92, 214, 132),
    "unsure": (247, 190, 75),
    "nothing": GREY,
}
# What a task calls its absence; the others say "nothing".
_ABSENCE = {"dogs": "no dog"}
_BARS = 3
_BANNERS = {
    "black": "the camera is black",
    "frozen": "the picture is frozen",
    "stale": "no picture now; this is the last one",
}
_RANK = ("nothing", "unsure", "seen")
# Beyond this share a box is the whole frame, and its outline would say nothing.
_WHOLE = 0.98


@dataclass(frozen=True, slots=True)
class Sizes:
    """In pixels, from the frame's size; letters never below what can be read.

    Attributes:
        head, small: heights of a capital.
        pad: inner and outer margin.
        line: thickness of outlines.
        width: of the panel.
    """

    head: int
    small: int
    pad: int
    line: int
    width: int

    @classmethod
    def of(cls, width: int, height: int) -> Sizes:
        """Proportional to the height (720 rows are 1), held back on tall narrow frames."""
        unit = min(height, width * 0.75, 2160) / 720
        small = max(round(13 * unit), 7)
        pad = max(round(14 * unit), 4)
        return cls(
            head=max(round(20 * unit), 9),
            small=small,
            pad=pad,
            line=max(round(2.5 * unit), 1),
            width=min(small * 30, width - 2 * pad),
        )

    @property
    def row(self) -> int:
        """Height of a bar with its words."""
        return self.small * 2


@dataclass(frozen=True, slots=True)
class Text:
    """Words with the left end of their line of writing's top; the picture is cached."""

    words: str
    left: int
    top: int
    capital: int
    colour: Colour


@dataclass(frozen=True, slots=True)
class Bar:
    """A score as a length: the track's area, and how much of it is filled."""

    track: Area
    share: float


@dataclass(frozen=True, slots=True)
class Card:
    """A darkened area with what stands in it; `verdict` gives the colour."""

    area: Area
    verdict: str
    stripe: int
    texts: tuple[Text, ...]
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A box's area, `line` thick, grown inwards."""

    area: Area
    line: int
    colour: Colour


def outlines(report: Report, sizes: Sizes) -> Iterator[Outline]:
    """The boxes where it looked; a task's surest reading gives its box the decision's colour."""
    verdicts: dict[Box, str] = {}
    for decision in report.decisions:
        reading = surest(decision, report.results)
        if reading is not None:
            before = verdicts.get(reading.box, "nothing")
            verdicts[reading.box] = max(before, decision.verdict, key=_RANK.index)
    boxes = dict.fromkeys((*report.boxes, *(result.box for result in report.results)))
    for box in boxes:
        if box.width * box.height < _WHOLE:
            verdict = verdicts.get(box, "nothing")
            area = box.to_pixels(report.frame.width, report.frame.height)
            yield Outline(area, sizes.line, ACCENT[verdict])


def cards(report: Report, sizes: Sizes) -> tuple[Card, ...]:
    """One for each task, from the top left down; as many bars and cards as the frame has room."""
    if sizes.width < 8 * sizes.small:
        return ()
    room = report.frame.height - 2 * sizes.pad - _corner_height(sizes)
    for bars in range(_BARS, -1, -1):
        laid = _stacked(report, sizes, bars)
        if not laid or laid[-1].area[3] - sizes.pad <= room:
            return laid
    laid = _stacked(report, sizes, 0)
    return tuple(card for card in laid if card.area[3] - sizes.pad <= room)


def corner(report: Report, sizes: Sizes, fps: float | None) -> Card | None:
    """Frames a second and latency, at the bottom right; None if neither is known or fits."""
    total = report.stage_millis.get("total")
    said = [] if fps is None else [f"{_figure(fps)} fps"]
    said += [] if total is None else [f"{_figure(total)} ms"]
    words = "   ".join(said)
    width, height = report.frame.width, report.frame.height
    inner = sizes.pad // 2 + 1
    if not words or shortened(words, sizes.small, width - 2 * sizes.pad - 2 * inner) != words:
        return None
    if _corner_height(sizes) + sizes.pad > height:
        return None
    across = lettering(words, sizes.small, WHITE).shape[1] + 2 * inner
    right, bottom = width - sizes.pad, height - sizes.pad
    top = bottom - sizes.row
    text_top = top + (sizes.row - sizes.small) // 2
    text = Text(words, right - across + inner, text_top, sizes.small, WHITE)
    return Card((right - across, top, right, bottom), "nothing", 0, (text,))


def banner(report: Report, sizes: Sizes) -> Card | None:
    """Across the middle, why the picture shows nothing; None if it does, or there is no room."""
    words = _BANNERS.get(report.frame.fault, "")
    width, height = report.frame.width, report.frame.height
    inner = sizes.pad
    if not words or shortened(words, sizes.head, width - 4 * inner) != words:
        return None
    across = lettering(words, sizes.head, WHITE).shape[1] + 2 * inner
    left, top = (width - across) // 2, (height - sizes.head) // 2 - inner
    text = Text(words, left + inner, top + inner, sizes.head, ACCENT["unsure"])
    area = (left, top, left + across, top + 2 * inner + sizes.head)
    return Card(area, "unsure", 0, (text,)) if top > 0 and area[3] < height else None


def _corner_height(sizes: Sizes) -> int:
    return sizes.row + sizes.pad


def _stacked(report: Report, sizes: Sizes, bars: int) -> tuple[Card, ...]:
    laid: list[Card] = []
    top = sizes.pad
    for decision in report.decisions:
        card = _card(decision, guesses_of(decision, report.results), sizes, top, bars)
        laid.append(card)
        top = card.area[3] + max(sizes.pad // 2, 2)
    return tuple(laid)


def _card(
    decision: Decision, guesses: tuple[Guess, ...], sizes: Sizes, top: int, bars: int
) -> Card:
    left, right = sizes.pad, sizes.pad + sizes.width
    stripe = max(sizes.line * 2, 2)
    inner_left, inner_right = left + stripe + sizes.pad // 2 + 2, right - sizes.pad // 2 - 2
    accent = ACCENT[decision.verdict]
    texts: list[Text] = []
    rows: list[Bar] = []

    def line(words: str, capital: int, colour: Colour, figure: str, at: int) -> None:
        """Words at the left and a figure at the right of one line, as far as there is room."""
        reach = inner_right
        if figure and shortened(figure, capital, inner_right - inner_left) == figure:
            reach -= lettering(figure, capital, colour).shape[1]
            texts.append(Text(figure, reach, at, capital, colour))
            reach -= capital // 2
        words = shortened(ascii_of(words), capital, reach - inner_left)
        if words:
            texts.append(Text(words, inner_left, at, capital, colour))

    at = top + sizes.pad // 2 + 2
    line(decision.task, sizes.small, GREY, "", at)
    at += sizes.small + below(sizes.small) + 2
    line(*_headline(decision, guesses, sizes.head, accent), at)
    at += sizes.head + below(sizes.head) + 1
    if decision.reason:
        line(decision.reason, sizes.small, GREY, "", at)
        at += sizes.small + below(sizes.small)
    for guess in guesses[:bars]:
        share = min(max(guess.score, 0.0), 1.0)
        rows.append(Bar((inner_left, at, inner_right, at + sizes.row), share))
        text_top = at + (sizes.row - sizes.small) // 2
        inset = sizes.small // 2
        figure = f"{share:.0%}"
        figure_left = inner_right - inset - lettering(figure, sizes.small, WHITE).shape[1]
        reach = figure_left - inset - (inner_left + inset)
        words = shortened(ascii_of(guess.name), sizes.small, reach)
        texts.append(Text(words, inner_left + inset, text_top, sizes.small, WHITE))
        texts.append(Text(figure, figure_left, text_top, sizes.small, WHITE))
        at += sizes.row + max(sizes.line, 1)
    bottom = at + sizes.pad // 2
    return Card((left, top, right, bottom), decision.verdict, stripe, tuple(texts), tuple(rows))


def _headline(
    decision: Decision, guesses: tuple[Guess, ...], capital: int, accent: Colour
) -> tuple[str, int, Colour, str]:
    words, figure = heading(decision, guesses)
    return words, capital, accent, figure


def heading(decision: Decision, guesses: tuple[Guess, ...]) -> tuple[str, str]:
    """The decision in a word or two, and its score where that is one of those words."""
    if decision.cause == "off":
        return "off", ""
    if decision.verdict == "nothing":
        return _ABSENCE.get(decision.task, "nothing"), ""
    if decision.verdict == "unsure" and decision.group is not None:
        name, score = decision.group.label, decision.group.score
        return f"some {name}", f"{score:.0%}"
    if decision.verdict == "unsure":
        return "unsure", ""
    label = decision.label or ""
    names = {guess.label: guess.name for guess in guesses}
    name = names.get(label, label.replace("_", " "))
    return name[:1].upper() + name[1:], f"{decision.score:.0%}"


def guesses_of(decision: Decision, results: tuple[Result, ...]) -> tuple[Guess, ...]:
    """Of the task's surest reading in this frame.

    Where nothing of the task's kind was found, a score says how sure it is of the kind as well:
    otherwise "no dog" would stand over a long bar for the least unlikely breed.
    """
    reading = surest(decision, results)
    if reading is None:
        return ()
    if decision.verdict != "nothing":
        return reading.guesses
    return tuple(replace(guess, score=guess.score * reading.presence) for guess in reading.guesses)


def surest(decision: Decision, results: tuple[Result, ...]) -> Result | None:
    """The task's reading with the best first guess; None if it read nothing."""
    read = [result for result in results if result.task == decision.task and result.guesses]
    return max(read, key=lambda each: each.presence * each.guesses[0].score, default=None)


def _figure(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"  # noqa: PLR2004 - two digits
